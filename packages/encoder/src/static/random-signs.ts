import { murmurhash3 } from '@expctr/core';

/**
 * Adds `size` times a vector of signs that the hash of `feature` draws to `out[start .. end)`: a random projection without a
 * matrix. Source: Achlioptas 2003, "Database-friendly random projections".
 */
export function addRandomSigns(out: Float32Array | Float64Array, start: number, end: number, feature: string, size: number): void {
  let bits = 0;
  for (let j = 0; j < end - start; j += 1) {
    if (j % 32 === 0) bits = murmurhash3(feature, j / 32);
    out[start + j]! += bits & (1 << (j % 32)) ? size : -size;
  }
}

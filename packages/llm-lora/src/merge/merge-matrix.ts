import type { LoraFactors } from '../formats/adapter.js';
import type { FloatTensor } from '../formats/host-tensor.js';
import type { HostMatrix } from '../model/host-matrix.js';

/** One layer's factors, and what B A is multiplied by. */
export interface ScaledFactors {
  /** As the adapter has them. */
  readonly factors: LoraFactors;
  /** What B A is multiplied by. */
  readonly scale: number;
}

/**
 * W + scale B A, with magnitudes times magnitude / |W + scale B A| row by row. Sums are taken in double precision and each number is
 * rounded to float32 once, so that it is at most half a unit in the last place from what the exact sum is.
 * @returns [out, in]
 */
export function mergedMatrix({ shape, readRow }: HostMatrix, { factors: { a, b, magnitude }, scale }: ScaledFactors): FloatTensor {
  const [out, inner] = shape;
  const rank = b.shape[1]!;
  const data = new Float32Array(out * inner);
  const row = new Float32Array(inner);
  const sums = new Float64Array(inner);
  for (let o = 0; o < out; o += 1) {
    readRow(o, row);
    sums.set(row);
    for (let r = 0; r < rank; r += 1) {
      const factor = scale * b.data[o * rank + r]!;
      const from = r * inner;
      for (let k = 0; k < inner; k += 1) sums[k]! += factor * a.data[from + k]!;
    }
    if (magnitude !== undefined) rescale(sums, magnitude.data[o]!);
    data.set(sums, o * inner);
  }
  return { data, shape: [out, inner], dtype: 'float32' };
}

/** Gives a row this length, in its direction. A row of zeros has none and stays. */
function rescale(row: Float64Array, length: number): void {
  let square = 0;
  for (const value of row) square += value * value;
  if (square === 0) return;
  const factor = length / Math.sqrt(square);
  for (let k = 0; k < row.length; k += 1) row[k]! *= factor;
}

/** The numbers of a matrix as they are. @returns [out, in] */
export function plainMatrix({ shape: [out, inner], readRow }: HostMatrix): FloatTensor {
  const data = new Float32Array(out * inner);
  for (let o = 0; o < out; o += 1) readRow(o, data.subarray(o * inner, (o + 1) * inner));
  return { data, shape: [out, inner], dtype: 'float32' };
}

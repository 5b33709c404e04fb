/** Scales `vectors[start .. start + length)` in place to Euclidean length 1. A zero vector stays zero, as in torch's `normalize`. */
export function normalizeInPlace(vectors: Float32Array, start: number, length: number): void {
  let squares = 0;
  for (let k = start; k < start + length; k += 1) squares += vectors[k]! * vectors[k]!;
  if (squares === 0) return;
  const scale = 1 / Math.sqrt(squares);
  for (let k = start; k < start + length; k += 1) vectors[k] = vectors[k]! * scale;
}

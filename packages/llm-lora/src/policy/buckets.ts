/**
 * Padded sizes. Compiled functions have static shapes, so sizes are rounded up to a few: the steps grow with the size to
 * keep both the padding and the number of functions small.
 */

/** Padded length of a sequence in tokens. */
export function bucketTime(length: number): number {
  return roundUp(length, length <= 64 ? 16 : length <= 256 ? 32 : length <= 1024 ? 64 : 128);
}

/** Padded length of a response in tokens. */
export function bucketResponse(length: number): number {
  return roundUp(length, length <= 64 ? 8 : 16);
}

/** Length of a key-value cache in tokens: coarse, for its functions hold the weights. */
export function bucketCache(length: number): number {
  return roundUp(length, length <= 512 ? 128 : 256);
}

/** Number of rows: 1, 2, 3, 4, 6, 8, 12, 16, 24, … */
export function bucketRows(count: number): number {
  let size = 1;
  while (size < count) size = size < 4 ? size + 1 : (size & (size - 1)) === 0 ? (size * 3) / 2 : (size * 4) / 3;
  return size;
}

/** Smallest multiple of `step` that is not below `value`. */
export function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

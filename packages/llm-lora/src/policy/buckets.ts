/**
 * Padded sizes. Compiled functions have static shapes, so sizes are rounded up to a few: the steps grow with the size to
 * keep both the padding and the number of functions small.
 */

/** Padded length of a sequence in tokens. */
export function bucketTime(length: number): number {
  return roundUp(length, length <= 32 ? 8 : length <= 128 ? 16 : length <= 512 ? 32 : length <= 1024 ? 64 : 128);
}

/** Padded number of response tokens, each of which the head computes: at most a quarter more. */
export function bucketTokens(count: number): number {
  return roundUp(count, Math.max(16, powerOfTwo(count) / 8));
}

/** Length of a key-value cache in tokens: any will do, but with these sums over it give the same bits however much longer it is. */
export function bucketCache(length: number): number {
  return roundUp(length, 64);
}

/** Smallest power of two that is not below `value`: where padding costs next to nothing and each size a compilation. */
export function powerOfTwo(value: number): number {
  return 2 ** Math.ceil(Math.log2(value));
}

/** Smallest multiple of `step` that is not below `value`. */
export function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

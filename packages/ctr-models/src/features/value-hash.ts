import { murmurhash3 } from '@expctr/core';

/**
 * MurmurHash3 of a text with seed 0, from 0 to 2^32 - 1: what `mmh3.hash(text, signed=False)` is in Python. It spreads consecutive
 * numbers, written in digits, as evenly as random texts.
 */
export function valueHash(text: string): number {
  return murmurhash3(text, 0) >>> 0;
}

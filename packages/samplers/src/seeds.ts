import { createRng, type SeedPath } from '@expctr/core';

/** The seed of one completion, or of a piece of it: servers take a number, at most 2^31 - 1 in all three. */
export function seedOf(path: SeedPath, key: number | string, completion: number, piece: number): number {
  return createRng([...path, key, completion, ...(piece === 0 ? [] : [piece])]).int(0x80000000);
}

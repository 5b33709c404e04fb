import type { Rng } from '@expctr/core';
import { rowsOf, type Interactions, type Items } from '@expctr/data';

/** Sizes of {@link tasteWorld}. */
export interface TasteWorldSizes {
  readonly users: number;
  readonly items: number;
  readonly categories: number;
  readonly perUser: number;
}

/**
 * A world in which a user likes each category of items or does not, independently of all others, and every item is of one category:
 * what decides a row is how this user met items of the target's category before. Each user's last rows are test, those before valid.
 */
export function tasteWorld(
  rng: Rng,
  { users, items, categories, perUser }: TasteWorldSizes,
): { interactions: Interactions; items: Items; rows: { train: Uint32Array; valid: Uint32Array; test: Uint32Array } } {
  const length = users * perUser;
  const category = Int32Array.from({ length: items }, () => rng.int(categories));
  const likes = Array.from({ length: users }, () => Array.from({ length: categories }, () => rng.next() < 0.5));
  const user = Int32Array.from({ length }, (_, row) => Math.floor(row / perUser));
  const item = Int32Array.from({ length }, () => rng.int(items));
  const at = (row: number): number => row % perUser;
  const held = Math.ceil(perUser / 5);
  const offsets = new Uint32Array(length + 1);
  for (let row = 0; row < length; row += 1) offsets[row + 1] = offsets[row]! + at(row);
  const interactions: Interactions = {
    length,
    interactionId: Uint32Array.from({ length }, (_, row) => row),
    user,
    item,
    userIds: Array.from({ length: users }, (_, u) => `u${u}`),
    itemIds: Array.from({ length: items }, (_, i) => `i${i}`),
    label: Uint8Array.from({ length }, (_, row) => Number(likes[user[row]!]![category[item[row]!]!] === rng.next() < 0.95)),
    rating: new Float32Array(length).fill(NaN),
    timestamp: Float64Array.from({ length }, (_, row) => row),
    split: Uint8Array.from({ length }, (_, row) => (at(row) < perUser - 2 * held ? 0 : at(row) < perUser - held ? 1 : 2)),
    slice: Uint8Array.from({ length }, (_, row) => (at(row) < perUser - 2 * held ? 1 : 2)),
    historyOffsets: offsets,
    history: new Uint32Array(offsets[length]!),
  };
  for (let row = 0; row < length; row += 1)
    for (let k = 0; k < at(row); k += 1) interactions.history[offsets[row]! + k] = row - at(row) + k;
  return {
    interactions,
    items: {
      length: items,
      itemIds: interactions.itemIds,
      title: Array.from({ length: items }, (_, i) => `Item ${i}`),
      attributes: { category: Array.from(category, (c) => [`c${c}`]) },
      year: new Float32Array(items).fill(NaN),
    },
    rows: { train: rowsOf(interactions, 'train'), valid: rowsOf(interactions, 'valid'), test: rowsOf(interactions, 'test') },
  };
}

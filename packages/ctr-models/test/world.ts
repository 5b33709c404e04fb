import { createRng, type Rng } from '@expctr/core';
import type { Interactions, Items } from '@expctr/data';

/** Sizes of {@link smallWorld}. */
export interface WorldSizes {
  readonly users: number;
  readonly items: number;
  readonly perUser: number;
}

const GENRES = ['comedy', 'drama', 'horror', 'romance'];

/**
 * Interactions of users who like one genre and dislike another, with some noise, in the form of `@expctr/data`:
 * of each user's rows the last tenth is test, the tenth before valid; histories are the train rows before.
 */
export function smallWorld(
  rng: Rng = createRng('world'),
  { users, items, perUser }: WorldSizes = { users: 60, items: 80, perUser: 40 },
): { interactions: Interactions; items: Items } {
  const genre = Array.from({ length: items }, (_, i) => i % GENRES.length);
  const quality = Array.from({ length: items }, () => rng.normal());
  const rows: { user: number; item: number; label: number; split: number; slice: number; history: number[] }[] = [];
  for (let user = 0; user < users; user += 1) {
    const liked = rng.int(GENRES.length);
    const disliked = (liked + 1 + rng.int(GENRES.length - 1)) % GENRES.length;
    const start = rows.length;
    const held = Math.max(1, Math.round(perUser / 10));
    const train = perUser - 2 * held;
    for (let k = 0; k < perUser; k += 1) {
      const item = rng.int(items);
      const logit = 3 * Number(genre[item] === liked) - 3 * Number(genre[item] === disliked) + 1.5 * quality[item]!;
      rows.push({
        user,
        item,
        label: Number(rng.next() < 1 / (1 + Math.exp(-logit))),
        split: k < train ? 0 : k < train + held ? 1 : 2,
        slice: k < train / 2 ? 0 : k < train ? 1 : 2,
        history: Array.from({ length: Math.min(k, train, 8) }, (_, h) => start + Math.min(k, train) - Math.min(k, train, 8) + h),
      });
    }
  }
  const offsets = new Uint32Array(rows.length + 1);
  rows.forEach(({ history }, r) => (offsets[r + 1] = offsets[r]! + history.length));
  return {
    interactions: {
      length: rows.length,
      interactionId: Uint32Array.from(rows, (_, r) => r),
      user: Int32Array.from(rows, (r) => r.user),
      item: Int32Array.from(rows, (r) => r.item),
      userIds: Array.from({ length: users }, (_, u) => `u${u}`),
      itemIds: Array.from({ length: items }, (_, i) => `i${i}`),
      label: Uint8Array.from(rows, (r) => r.label),
      rating: new Float32Array(rows.length).fill(NaN),
      timestamp: Float64Array.from(rows, (_, r) => r),
      split: Uint8Array.from(rows, (r) => r.split),
      slice: Uint8Array.from(rows, (r) => r.slice),
      historyOffsets: offsets,
      history: Uint32Array.from(rows.flatMap((r) => r.history)),
    },
    items: {
      length: items,
      itemIds: Array.from({ length: items }, (_, i) => `i${i}`),
      title: Array.from({ length: items }, (_, i) => `Item ${i}`),
      attributes: { genres: genre.map((g, i) => (i % 5 === 0 ? [GENRES[g]!, 'classic'] : [GENRES[g]!])) },
      year: Float32Array.from({ length: items }, (_, i) => (i % 9 === 0 ? NaN : 1980 + (i % 30))),
    },
  };
}

/** The code of the error that `run` throws or rejects with. */
export async function codeOf(run: () => unknown): Promise<string | undefined> {
  try {
    await run();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return undefined;
}

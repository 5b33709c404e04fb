import type { Rng } from '@expctr/core';
import type { Rows } from './rows.js';

/**
 * Marks with 1 the rows of whole users, taken in seeded order up to `ceiling` rows: a user who would exceed it is skipped and
 * later ones are still tried. Where not one user fits, the first is taken all the same.
 */
export function takeWholeUsers(rows: Rows, ceiling: number, rng: Rng): Uint8Array {
  const keep = new Uint8Array(rows.length);
  const present: number[] = [];
  for (let user = 0; user + 1 < rows.userStart.length; user += 1) if (rows.userStart[user + 1]! > rows.userStart[user]!) present.push(user);
  let taken = 0;
  for (const user of rng.shuffle(present)) {
    const [start, end] = [rows.userStart[user]!, rows.userStart[user + 1]!];
    if (taken + end - start > ceiling) continue;
    keep.fill(1, start, end);
    taken += end - start;
  }
  const [first] = present;
  if (taken === 0 && first !== undefined) keep.fill(1, rows.userStart[first], rows.userStart[first + 1]);
  return keep;
}

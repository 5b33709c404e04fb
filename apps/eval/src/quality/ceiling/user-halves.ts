import type { Rng } from '@expctr/core';
import type { Interactions } from '@expctr/data';

/**
 * Cuts the users of rows into two halves, so that what is asked of a user's rows can come from the truth of the other half alone.
 * @returns the place of a row's user in a random order; the half is its remainder by 2
 */
export function userPlaces({ user }: Interactions, rows: readonly number[], rng: Rng): (row: number) => number {
  const users = rng.shuffle([...new Set(rows.map((row) => user[row]!))].sort((a, b) => a - b));
  const place = new Map(users.map((one, at) => [one, at]));
  return (row) => place.get(user[row]!)!;
}

import fc from 'fast-check';
import type { RawTables } from '../../src/sources/raw-tables.js';

/** One rating of a test's dataset: user, item, rating, time in milliseconds. */
export type RawRow = readonly [user: number, item: number, rating: number, time: number];

/** Raw tables from rows; items have up to two genres, derived from their number. `timed: false` leaves the times out. */
export function rawTables(rows: readonly RawRow[], options: { timed?: boolean; items?: readonly number[] } = {}): RawTables {
  const { timed = true, items = [...new Set(rows.map(([, item]) => item))].sort((a, b) => a - b) } = options;
  const userIds = [...new Set(rows.map(([user]) => user))];
  const itemIds = [...new Set(rows.map(([, item]) => item))];
  return {
    ratings: {
      length: rows.length,
      user: Int32Array.from(rows, ([user]) => userIds.indexOf(user)),
      item: Int32Array.from(rows, ([, item]) => itemIds.indexOf(item)),
      userIds: userIds.map((user) => `u${user}`),
      itemIds: itemIds.map((item) => `i${item}`),
      rating: Float32Array.from(rows, ([, , rating]) => rating),
      ...(timed ? { timestamp: Float64Array.from(rows, ([, , , time]) => time) } : {}),
    },
    items: {
      itemIds: items.map((item) => `i${item}`),
      title: items.map((item) => `Item ${item}`),
      attributes: { genres: items.map((item) => [`g${item % 3}`, ...(item % 2 === 0 ? ['even'] : [])]) },
      year: Float32Array.from(items, (item) => (item % 5 === 0 ? NaN : 1990 + item)),
    },
    files: [],
    notes: [],
  };
}

/** Rows with many ties in time and many repeated pairs; ratings 1 to 5. */
export const rawRows: fc.Arbitrary<RawRow[]> = fc.array(
  fc.tuple(
    fc.integer({ min: 0, max: 5 }),
    fc.integer({ min: 0, max: 9 }),
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 0, max: 12 }).map((day) => day * 86_400_000),
  ),
  { minLength: 1, maxLength: 80 },
);

/** As {@link rawRows}, with both labels among them, so that most can be prepared. */
export const twoClassRows: fc.Arbitrary<RawRow[]> = rawRows.map((rows) => [
  ...rows,
  [90, 0, 5, 0],
  [90, 1, 1, 86_400_000],
  [90, 2, 5, 86_400_000 * 2],
  [90, 3, 1, 86_400_000 * 3],
  [90, 4, 5, 86_400_000 * 4],
  [90, 5, 1, 86_400_000 * 5],
]);

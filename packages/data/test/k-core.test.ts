import { createRng } from '@expctr/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { kCore, largestCore } from '../src/prepare/k-core.js';
import { orderRows, type Rows } from '../src/prepare/rows.js';
import { rawRows, rawTables, type RawRow } from './support/raw.js';

const ordered = (rows: readonly RawRow[]): Rows => orderRows(rawTables(rows).ratings, createRng(0));

/** The definition, taken literally: drop every row of a user or an item below k, until nothing changes. */
function naiveCore(rows: Rows, k: number): Uint8Array {
  const keep = new Uint8Array(rows.length).fill(1);
  for (;;) {
    const count = (of: Int32Array, value: number): number => of.filter((other, row) => keep[row] === 1 && other === value).length;
    const doomed = [...keep.keys()].filter(
      (row) => keep[row] === 1 && (count(rows.user, rows.user[row]!) < k || count(rows.item, rows.item[row]!) < k),
    );
    if (doomed.length === 0) return keep;
    for (const row of doomed) keep[row] = 0;
  }
}

test('the k-core is the fixed point that the definition gives, row for row', () => {
  fc.assert(
    fc.property(rawRows, fc.integer({ min: 1, max: 5 }), (raw, k) => {
      const rows = ordered(raw);
      expect(kCore(rows, 10, k)).toEqual(naiveCore(rows, k));
    }),
  );
});

test('the largest core is the last k that leaves rows', () => {
  fc.assert(
    fc.property(rawRows, (raw) => {
      const rows = ordered(raw);
      const k = largestCore(rows, 10);
      expect(naiveCore(rows, k)).toContain(1);
      expect(naiveCore(rows, k + 1)).not.toContain(1);
    }),
    { numRuns: 50 },
  );
});

test('a chain falls as a whole: one pass is not enough', () => {
  const chain: RawRow[] = Array.from({ length: 40 }, (_, i) => [Math.floor(i / 2), Math.ceil(i / 2), 5, i]);
  expect(kCore(ordered(chain), 21, 2)).toEqual(new Uint8Array(40));
});

test('items with many rows fall too, listed late or not', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 320 }), fc.integer({ min: 1, max: 4 }), (k, others) => {
      // Users 0 .. 299 have the items 0 .. others - 1; item 0 has 10 rows more, of users with one row.
      const raw: RawRow[] = Array.from({ length: 300 * others }, (_, i) => [Math.floor(i / others), i % others, 5, i]);
      const rows = ordered([...raw, ...Array.from({ length: 10 }, (_, i): RawRow => [1000 + i, 0, 5, i])]);
      const kept = kCore(rows, others, k).reduce((sum, mark) => sum + mark, 0);
      expect(kept).toBe(k <= others ? 300 * others : 0);
      expect(largestCore(rows, others)).toBe(others);
    }),
    { numRuns: 12 },
  );
});

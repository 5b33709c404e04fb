import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTimeSort } from '../src/prepare/time-sort.js';

test('rows are sorted by time, ties by row number, for short and long runs, whole seconds, milliseconds and any range', () => {
  const time = fc.oneof(
    fc.integer({ min: 0, max: 40 }).map((second) => second * 1000),
    fc.integer({ min: 0, max: 4_000_000_000 }),
    fc.integer({ min: -5e12, max: 5e12 }),
  );
  fc.assert(
    fc.property(fc.array(time, { maxLength: 150 }), fc.nat(5), fc.boolean(), (times, skip, thinned) => {
      const all = Uint32Array.from(times.keys()).filter((row) => !thinned || row % 3 !== 0);
      const start = Math.min(skip, all.length);
      const sorted = all.slice();
      createTimeSort(Float64Array.from(times))(sorted, start, all.length);
      const expected = [...all.subarray(start)].sort((a, b) => times[a]! - times[b]! || a - b);
      expect([...sorted]).toEqual([...all.subarray(0, start), ...expected]);
    }),
    { numRuns: 300 },
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchesByLength } from '../src/transformers/batches.js';

const lengths = fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 60 });

test('every text stands in exactly one batch, the longest first', () => {
  fc.assert(
    fc.property(lengths, fc.integer({ min: 1, max: 3000 }), (all, limit) => {
      const order = batchesByLength(all, limit).flat();
      expect([...order].sort((a, b) => a - b)).toEqual(all.map((_, at) => at));
      expect(order.map((at) => all[at])).toEqual([...all].sort((a, b) => b - a));
    }),
  );
});

test('a batch with its padding stays within the limit unless it holds one text', () => {
  fc.assert(
    fc.property(lengths, fc.integer({ min: 1, max: 3000 }), (all, limit) => {
      for (const batch of batchesByLength(all, limit)) expect(batch.length === 1 || batch.length * all[batch[0]!]! <= limit).toBe(true);
    }),
  );
});

test('with no room at all every text goes alone', () => {
  expect(batchesByLength([3, 5, 4], 0)).toEqual([[1], [2], [0]]);
});

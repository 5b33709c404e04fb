import fc from 'fast-check';
import { expect, test } from 'vitest';
import { auc } from '../src/index.js';
import { fixture } from './fixture.js';

test('equals scikit-learn, ties and weights included', () => {
  for (const { scores, labels, weights, auc: expected, weightedAuc } of fixture.auc) {
    expect(auc(scores, labels)).toBeCloseTo(expected, 12);
    expect(auc(scores, labels, weights)).toBeCloseTo(weightedAuc, 12);
  }
});

test('is the share of pairs in the right order, and turns around with the scores', () => {
  const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.constantFrom(0, 1)), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(rows, (data) => {
      const scores = data.map(([score]) => score);
      const labels = data.map(([, label]) => label);
      const positives = data.filter(([, label]) => label === 1);
      const negatives = data.filter(([, label]) => label === 0);
      let right = 0;
      for (const [a] of positives) for (const [b] of negatives) right += a > b ? 1 : a === b ? 0.5 : 0;
      const value = auc(scores, labels);
      if (positives.length === 0 || negatives.length === 0) {
        expect(value).toBeNull();
        return;
      }
      expect(value).toBeCloseTo(right / (positives.length * negatives.length), 12);
      expect(
        auc(
          scores.map((score) => -score),
          labels,
        ),
      ).toBeCloseTo(1 - (value ?? 0), 12);
    }),
  );
});

test('refuses NaN scores and columns of different lengths', () => {
  expect(() => auc([Number.NaN, 1], [0, 1])).toThrow(expect.objectContaining({ code: 'REWARD_NOT_A_PROBABILITY' }));
  expect(() => auc([1], [0, 1])).toThrow(expect.objectContaining({ code: 'REWARD_LENGTH_MISMATCH' }));
});

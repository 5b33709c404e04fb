import fc from 'fast-check';
import { expect, test } from 'vitest';
import { alignmentForms, rewardStatistics } from '../src/index.js';
import { fixture } from './fixture.js';

test('equals pandas and scikit-learn on the same numbers', () => {
  const { prompt, reward, label, mean, within, between, constant } = fixture.statistics;
  for (const form of alignmentForms) {
    const statistics = rewardStatistics({ values: reward, form }, { prompt, label });
    expect(statistics.count).toBe(reward.length);
    expect(statistics.mean).toBeCloseTo(mean, 12);
    expect(statistics.withinPromptStd).toBeCloseTo(within, 12);
    expect(statistics.betweenPromptStd).toBeCloseTo(between, 12);
    expect(statistics.bestConstant).toBeCloseTo(constant[form], 12);
  }
});

test('a shift of whole prompts moves only the spread between, noise within a prompt shows only within', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 2, maxLength: 8 }), (shifts) => {
      const prompt = shifts.flatMap((_, at) => [at, at]);
      const label = prompt.map(() => 1);
      const flat = rewardStatistics({ values: shifts.flatMap((shift) => [shift, shift]) }, { prompt, label });
      const noisy = rewardStatistics({ values: shifts.flatMap((shift) => [shift - 1, shift + 1]) }, { prompt, label });
      expect(flat.withinPromptStd).toBeCloseTo(0, 9);
      expect(noisy.withinPromptStd).toBeCloseTo(Math.SQRT2, 9);
      expect(noisy.betweenPromptStd ?? 0).toBeCloseTo(flat.betweenPromptStd ?? 0, 9);
    }),
  );
});

test('rows to which the reward does not apply count nowhere, the best constant included', () => {
  const rows = { prompt: [0, 0, 1, 1], label: [1, 1, 0, 0] };
  const statistics = rewardStatistics({ values: [0.5, 0.7, null, null], form: 'brier' }, rows);
  expect(statistics).toMatchObject({ count: 2, betweenPromptStd: null, bestConstant: 1 });
  expect(statistics.mean).toBeCloseTo(0.6, 12);
});

test('what is undefined is null, never NaN', () => {
  expect(rewardStatistics({ values: [] }, { prompt: [], label: [] })).toEqual({
    count: 0,
    mean: null,
    withinPromptStd: null,
    betweenPromptStd: null,
    bestConstant: null,
  });
  expect(rewardStatistics({ values: [1] }, { prompt: [0], label: [1] })).toMatchObject({ withinPromptStd: null, betweenPromptStd: null });
});

test('aligned with a teacher, the best constant is that of the teacher', () => {
  const rows = { prompt: [0, 1], label: [1, 1] };
  expect(rewardStatistics({ values: [1, 1], form: 'brier', target: [0.5, 0.5] }, rows).bestConstant).toBe(1);
  expect(rewardStatistics({ values: [1, 1], form: 'brier', target: [0, 1] }, rows).bestConstant).toBe(0.75);
});

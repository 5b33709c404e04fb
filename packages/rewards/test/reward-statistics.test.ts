import fc from 'fast-check';
import { expect, test } from 'vitest';
import { alignmentForms, bestConstant, rewardFigures, rewardStatistics } from '../src/index.js';
import { fixture } from './fixture.js';

test('equals pandas and scikit-learn on the same numbers', () => {
  const { prompt, reward, label, mean, within, between, constant } = fixture.statistics;
  const statistics = rewardStatistics(reward, { prompt });
  expect(statistics.count).toBe(reward.length);
  expect(statistics.mean).toBeCloseTo(mean, 12);
  expect(statistics.withinPromptStd).toBeCloseTo(within, 12);
  expect(statistics.betweenPromptStd).toBeCloseTo(between, 12);
  for (const form of alignmentForms) expect(bestConstant(form, label)?.reward).toBeCloseTo(constant[form], 12);
});

test('a shift of whole prompts moves only the spread between, noise within a prompt shows only within', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 2, maxLength: 8 }), (shifts) => {
      const prompt = shifts.flatMap((_, at) => [at, at]);
      const flat = rewardStatistics(
        shifts.flatMap((shift) => [shift, shift]),
        { prompt },
      );
      const noisy = rewardStatistics(
        shifts.flatMap((shift) => [shift - 1, shift + 1]),
        { prompt },
      );
      expect(flat.withinPromptStd).toBeCloseTo(0, 9);
      expect(noisy.withinPromptStd).toBeCloseTo(Math.SQRT2, 9);
      expect(noisy.betweenPromptStd ?? 0).toBeCloseTo(flat.betweenPromptStd ?? 0, 9);
    }),
  );
});

test('rows to which the reward does not apply count nowhere', () => {
  const statistics = rewardStatistics([0.5, 0.7, null, null], { prompt: [0, 0, 1, 1] });
  expect(statistics).toMatchObject({ count: 2, betweenPromptStd: null });
  expect(statistics.mean).toBeCloseTo(0.6, 12);
});

test('what is undefined is null, never NaN', () => {
  expect(rewardStatistics([], { prompt: [] })).toEqual({ count: 0, mean: null, withinPromptStd: null, betweenPromptStd: null });
  expect(rewardStatistics([1], { prompt: [0] })).toMatchObject({ withinPromptStd: null, betweenPromptStd: null });
});

test('the log has mean and spreads of each component and the figures that rewards bring, and leaves out what is not defined', () => {
  const components = { lc: [1, 0.5, 0, 0.5], ic: [null, null, 0.25, null] };
  const log = rewardFigures({ components, figures: { 'lc/best_constant': 0.75 } }, { prompt: [0, 0, 1, 1] });
  expect(log).toEqual({
    'reward/lc': 0.5,
    'reward/lc/nulls': 0,
    'reward/ic/nulls': 3,
    'reward/lc/within_prompt_std': Math.sqrt(0.125),
    'reward/lc/between_prompt_std': expect.closeTo(Math.SQRT1_2 / 2, 12) as number,
    'reward/lc/best_constant': 0.75,
    'reward/ic': 0.25,
  });
});

import { createRng } from '@expctr/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rewardQuality } from '../../src/quality/reward-quality.js';
import { spearman } from '../../src/statistics/spearman.js';

const small = fc.integer({ min: 0, max: 3 });
const rollouts = fc
  .array(fc.array(fc.tuple(small, small), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 })
  .map((prompts) => {
    const rows = prompts.flatMap((completions, prompt) => completions.map(([reward, quality]) => ({ prompt, reward, quality })));
    return {
      user: rows.map(({ prompt }) => prompt % 3),
      prompt: rows.map(({ prompt }) => prompt),
      reward: rows.map(({ reward }) => reward),
      quality: rows.map(({ quality }) => quality),
      prompts,
    };
  });

test('within a prompt: the mean of the prompts’ own correlations, those without one left out', () => {
  fc.assert(
    fc.property(rollouts, ({ prompts, ...rows }) => {
      const own = prompts
        .map((list) =>
          spearman(
            list.map(([reward]) => reward),
            list.map(([, quality]) => quality),
          ),
        )
        .filter((rho) => !Number.isNaN(rho));
      const found = rewardQuality(rows, 5, createRng(1));
      expect(found.prompts).toBe(own.length);
      if (own.length === 0) expect(found.withinPrompt).toBeNull();
      else expect(found.withinPrompt).toBeCloseTo(own.reduce((sum, rho) => sum + rho, 0) / own.length, 12);
      const overall = spearman(rows.reward, rows.quality);
      expect(found.spearman).toEqual(Number.isNaN(overall) ? null : overall);
    }),
  );
});

test('a reward that ranks prompts and not their completions has a correlation over all and none within', () => {
  const rng = createRng(4);
  const rows = Array.from({ length: 400 }, (_, at) => {
    const level = Math.floor(at / 4) % 10;
    return { user: Math.floor(at / 20), prompt: Math.floor(at / 4), reward: level + rng.next(), quality: level + rng.next() };
  });
  const column = (name: 'user' | 'prompt' | 'reward' | 'quality') => rows.map((row) => row[name]);
  const found = rewardQuality(
    { user: column('user'), prompt: column('prompt'), reward: column('reward'), quality: column('quality') },
    200,
    rng,
  );
  expect(found.spearman).toBeGreaterThan(0.9);
  expect(found.withinPromptInterval![0]).toBeLessThan(0);
  expect(found.withinPromptInterval![1]).toBeGreaterThan(0);
});

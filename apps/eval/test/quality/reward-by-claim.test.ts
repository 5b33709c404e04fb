import { createRng } from '@expctr/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CLAIM_KINDS } from '../../src/figures/rewards.js';
import { claimKinds, rewardByClaim } from '../../src/quality/reward-by-claim.js';
import { attributeKey, type RowFacts } from '../../src/quality/facts.js';

test('claims are told apart by what is true and by which way they speak; repetitions count once', () => {
  const facts: RowFacts = {
    reasons: new Map([[attributeKey('genre', 'horror'), { sign: -1, strength: 1 }]]),
    item: [attributeKey('genre', 'horror'), attributeKey('setting', 'castle')],
    known: () => true,
  };
  const kinds = (text: string, label: number): Record<string, number> =>
    Object.fromEntries(claimKinds(text, label, facts).map((count, at): [string, number] => [CLAIM_KINDS[at]!, count]));
  expect(kinds('horror bores them. castle bores them. castle bores them. grim delights them.', 0)).toEqual({
    reasonToward: 1,
    reasonAway: 0,
    neutralToward: 1,
    neutralAway: 0,
    otherToward: 0,
    otherAway: 1,
  });
  expect(kinds('horror bores them. horror delights them.', 1)).toMatchObject({ reasonAway: 1, otherToward: 1 });
});

test('what a linear reward pays for each kind of claim is found exactly, whatever it adds for prompts', () => {
  const pay = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: CLAIM_KINDS.length, maxLength: CLAIM_KINDS.length });
  fc.assert(
    fc.property(pay, fc.nat(1000), (prices, seed) => {
      const rng = createRng(seed);
      const kinds = Array.from({ length: 80 }, () => CLAIM_KINDS.map(() => rng.int(3)));
      const prompt = kinds.map((_, row) => Math.floor(row / 4));
      const reward = kinds.map(
        (counts, row) => 10 * Math.sin(prompt[row]!) + counts.reduce((sum, count, at) => sum + count * prices[at]!, 0),
      );
      const found = rewardByClaim(
        prompt.map((one) => one % 5),
        prompt,
        reward,
        kinds,
        3,
        createRng(1),
      );
      CLAIM_KINDS.forEach((kind, at) => expect(found[kind]).toBeCloseTo(prices[at]!, 6));
    }),
    { numRuns: 30 },
  );
});

test('a kind that no two completions of a prompt differ in has no price', () => {
  const kinds = Array.from({ length: 8 }, (_, row) => [row % 2, 0, 1, 0, 0, 0]);
  const prompt = kinds.map((_, row) => row >> 1);
  const found = rewardByClaim(
    prompt,
    prompt,
    kinds.map(([first]) => first!),
    kinds,
    5,
    createRng(1),
  );
  expect(found).toMatchObject({ reasonToward: 1, reasonAway: null, neutralToward: null, neutralTowardInterval: null });
});

import type { Sampler } from '@expctr/language-model';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { correctForSampler } from '../src/sampler-correction.js';
import type { Rollout } from '../src/rollout.js';
import { bigramPolicy } from './bigram-policy.js';
import { column, learnerOf, spied, updates, type TestConfig } from './helpers.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const rolloutOf = (samplerLogProbs: readonly number[]): Rollout => ({
  promptIndex: 0,
  prompt: [1],
  tokens: new Int32Array(samplerLogProbs.length),
  samplerLogProbs: Float32Array.from(samplerLogProbs),
  finishReason: 'length',
});
const f32 = (...values: number[]): Float32Array => Float32Array.from(values);

/** Advantages of 1 (so that they are the weights) for one completion. */
function weigh(level: 'token' | 'sequence', logProbs: readonly number[], said: readonly number[], cap = 1e6) {
  const advantages = [new Float32Array(said.length).fill(1)];
  const config = { samplerCorrection: level, samplerCorrectionCap: cap };
  const { columns, metrics } = correctForSampler({ advantages }, [rolloutOf(said)], [Float32Array.from(logProbs)], config);
  return { weights: [...columns['advantages']![0]!], metrics };
}

describe('weights', () => {
  test('by token, by sequence, cut at the cap, with what is logged of them', () => {
    const [half, twice] = [Math.log(0.5), Math.log(2)];
    const byToken = weigh('token', [-1, -1, -1], [-1 - half, -1, -1 - 2 * twice], 3);
    expect(byToken.weights).toEqual([expect.closeTo(0.5, 5), 1, 3]);
    expect(byToken.metrics['sampler/kl']).toBeCloseTo(0.5 - 1 - half + (4 - 1 - 2 * twice), 5);
    expect(byToken.metrics['sampler/ratio_max']).toBeCloseTo(4, 5);
    expect(byToken.metrics['sampler/clipped']).toBeCloseTo(1 / 3, 10);
    expect(weigh('sequence', [-1, -1], [-1 - half, -1 - 2 * twice]).weights).toEqual([expect.closeTo(2, 5), expect.closeTo(2, 5)]);
  });

  test('a token that the sampler does not say counts as if it had said the same, and no ratio overflows', () => {
    expect(weigh('token', [-1, -3], [NaN, -3]).weights).toEqual([1, 1]);
    const { weights, metrics } = weigh('sequence', [-1, -1], [-900, NaN], 2);
    expect(weights).toEqual([2, 2]);
    expect(metrics['sampler/ratio_max']).toBeCloseTo(Math.exp(20), -3);
  });

  test.each(['token', 'sequence'] as const)('%s: without a cap the mean over the sampler is the mean over the policy', (level) => {
    const logits = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 3, maxLength: 3 });
    const normalized = (raw: readonly number[]): number[] => {
      const sum = Math.log(raw.reduce((total, each) => total + Math.exp(each), 0));
      return raw.map((each) => each - sum);
    };
    fc.assert(
      fc.property(logits, logits, logits, (policyRaw, samplerRaw, values) => {
        const [policy, sampler] = [normalized(policyRaw), normalized(samplerRaw)];
        let [weighted, direct] = [0, 0]; // expectations of a function of the token, one token long, by enumeration
        values.forEach((value, token) => {
          const { weights } = weigh(level, [policy[token]!], [sampler[token]!]);
          weighted += Math.exp(sampler[token]!) * weights[0]! * value;
          direct += Math.exp(policy[token]!) * value;
        });
        expect(weighted).toBeCloseTo(direct, 4);
      }),
    );
  });
});

/** A sampler whose log-probabilities are lower by 0.25 on every token than those of the policy that it is. */
function coarse(policy: ReturnType<typeof bigramPolicy>): Sampler {
  return {
    generate: async (prompts, options) =>
      (await policy.generate(prompts, options)).map((each) => ({ ...each, logProbs: each.logProbs.map((value) => value - 0.25) })),
  };
}

describe.each([
  ['ppo', {}],
  ['grpo', { epochs: 1 }],
  ['grpo', { epochs: 2, minibatches: 2 }],
  ['rloo', { epochs: 1, beta: 0 }],
  ['reinforce++', { epochs: 1, klCoefficient: 0 }],
] satisfies [string, TestConfig][])('%s %j', (algorithm, config) => {
  const run = async (more: TestConfig) => {
    const policy = bigramPolicy();
    const { policy: watched, steps } = spied(policy);
    const { ppo } = await learnerOf(watched, { ...config, ...more }, { algorithm, sampler: coarse(policy) });
    const { metrics } = await updates(ppo, 1);
    return { advantages: column(steps[0]!, 'advantages'), metrics };
  };

  test('the step gets advantages weighted by token', async () => {
    const [plain, weighted] = [await run({}), await run({ samplerCorrection: 'token', samplerCorrectionCap: 5 })];
    const [a, b] = [plain, weighted].map(({ advantages }) => advantages.flatMap((row) => [...row]));
    expect(a!.some((value) => value !== 0)).toBe(true);
    b!.forEach((value, at) => expect(value).toBeCloseTo(Math.exp(0.25) * a![at]!, 4));
    expect(weighted.metrics['sampler/ratio_max']).toBeCloseTo(Math.exp(0.25), 4);
    expect(weighted.metrics['sampler/clipped']).toBe(0);
    expect(plain.metrics).not.toHaveProperty('sampler/kl');
  });

  test('the cap holds', async () => {
    const [plain, weighted] = [await run({}), await run({ samplerCorrection: 'sequence', samplerCorrectionCap: 0.5 })];
    const [a, b] = [plain, weighted].map(({ advantages }) => advantages.flatMap((row) => [...row]));
    b!.forEach((value, at) => expect(value).toBeCloseTo(0.5 * a![at]!, 5));
    expect(weighted.metrics['sampler/clipped']).toBe(1);
  });
});

test.each(['dpo', 'expert-iteration', 'weighted-sft'])('%s has no advantages, and refuses at the start', async (algorithm) => {
  await expect(learnerOf(bigramPolicy(), { samplerCorrection: 'token' }, { algorithm })).rejects.toMatchObject({
    code: 'PPO_CONFIG',
    where: 'samplerCorrection',
  });
});

test("an algorithm of one's own without advantages is refused before its first step", () => {
  expect(() =>
    correctForSampler({ weights: [f32(1)] }, [rolloutOf([-1])], [f32(-1)], { samplerCorrection: 'token', samplerCorrectionCap: 2 }),
  ).toThrow(expect.objectContaining({ code: 'PPO_CONFIG', where: 'samplerCorrection' }));
});

test('where the sampler is the policy, every weight is 1 but for rounding', async () => {
  const { ppo } = await learnerOf(bigramPolicy(), { samplerCorrection: 'sequence' }, { algorithm: 'grpo' });
  const { metrics } = await updates(ppo, 1);
  expect(metrics['sampler/ratio_max']).toBeCloseTo(1, 4);
  expect(metrics['sampler/kl']).toBeCloseTo(0, 4);
  expect(metrics['sampler/clipped']).toBe(0);
});

import type { Sampler } from '@expctr/language-model';
import type { TokenBatch } from '@expctr/language-model/training';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { correctionColumns, withSamplerCorrection } from '../src/sampler-correction.js';
import type { Rollout } from '../src/rollout.js';
import { bigramPolicy } from './bigram-policy.js';
import { learnerOf, spied, updates, type TestConfig } from './helpers.js';

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

/** What a loss sees as advantages of 1 (so that they are the weights) of one completion and a token of padding. */
function weigh(level: 'token' | 'sequence', logProbs: readonly number[], said: readonly number[], cap = 1e6) {
  const config = { samplerCorrection: level, samplerCorrectionCap: cap };
  const own = { advantages: [new Float32Array(said.length).fill(1)], oldLogProbs: [Float32Array.from(logProbs)] };
  const padded = Object.entries({ ...own, ...correctionColumns([rolloutOf(said)], own, config) }).map(
    ([name, [row]]) => [name, tf.tensor2d([[...row!, NaN]])] as const, // nothing may read padding
  );
  const mask = tf.tensor2d([[...said.map(() => 1), 0]]);
  const scalars = { tokens: tf.scalar(said.length), sequences: tf.scalar(1) };
  let weights: number[] = [];
  const loss = withSamplerCorrection((_, { columns }) => {
    weights = [...columns['advantages']!.dataSync()].slice(0, said.length);
    return { loss: tf.scalar(0), metrics: {} };
  }, config);
  const newer = tf.zerosLike(mask); // the policy of a later step: weights do not depend on it
  const { metrics, maxima } = loss({ logProbs: newer } as never, { mask, columns: Object.fromEntries(padded), scalars }, {} as never);
  const figures = Object.entries({ ...metrics, ...maxima }).map(([name, value]) => [name, value.dataSync()[0]!] as const);
  return { weights, metrics: Object.fromEntries(figures) };
}

describe('weights', () => {
  test('by token, by sequence, cut at the cap, with what is logged of them', () => {
    const [half, twice] = [Math.log(0.5), Math.log(2)];
    const byToken = weigh('token', [-1, -1, -1], [-1 - half, -1, -1 - 2 * twice], 3);
    expect(byToken.weights).toEqual([expect.closeTo(0.5, 5), 1, 3]);
    expect(byToken.metrics['sampler/kl']).toBeCloseTo(0.5 - 1 - half + (4 - 1 - 2 * twice), 5);
    expect(byToken.metrics['sampler/ratio_max']).toBeCloseTo(4, 5);
    expect(byToken.metrics['sampler/clipped']).toBeCloseTo(1 / 3, 6);
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
  ['grpo', { epochs: 1 }, false],
  ['grpo', { epochs: 2, minibatches: 2 }, true],
  ['rloo', { epochs: 1, beta: 0 }, false],
  ['reinforce++', { epochs: 1, klCoefficient: 0 }, false],
] satisfies [string, TestConfig, boolean][])('%s %j', (algorithm, config, asks) => {
  const run = async (advantages: number, more: TestConfig) => {
    const policy = bigramPolicy();
    const scaled = (batch: TokenBatch): TokenBatch => ({
      ...batch,
      columns: { ...batch.columns, advantages: batch.columns!['advantages']!.map((row) => row.map((value) => advantages * value)) },
    });
    const { policy: watched } = spied(policy, scaled);
    const { ppo } = await learnerOf(watched, { ...config, ...more, microBatchSize: 5 }, { algorithm, sampler: coarse(policy) });
    const { metrics } = await updates(ppo, 1);
    return { adapter: [...policy.adapters.get('default')], metrics, passes: policy.calls.score.length };
  };

  test('learns as from advantages that are weighted, and logs what was to be corrected', async () => {
    const expected = await run(Math.exp(0.25), {});
    const { adapter, metrics, passes } = await run(1, { samplerCorrection: 'token', samplerCorrectionCap: 5 });
    adapter.forEach((value, at) => expect(value).toBeCloseTo(expected.adapter[at]!, 5));
    expect(adapter.some((value) => value !== 0)).toBe(true);
    expect(metrics['sampler/ratio_max']).toBeCloseTo(Math.exp(0.25), 4);
    expect(metrics['sampler/clipped']).toBe(0);
    expect(metrics['sampler/kl']).toBeGreaterThan(0);
    expect(expected.metrics).not.toHaveProperty('sampler/kl');
    expect(passes > 0).toBe(asks); // one step needs no pass for old log-probabilities
  });

  test('the cap holds', async () => {
    const expected = await run(0.5, {});
    const { adapter, metrics } = await run(1, { samplerCorrection: 'sequence', samplerCorrectionCap: 0.5 });
    adapter.forEach((value, at) => expect(value).toBeCloseTo(expected.adapter[at]!, 5));
    expect(metrics['sampler/clipped']).toBeCloseTo(1, 6);
  });
});

test('ppo, whose value loss is not weighted, is corrected too', async () => {
  const policy = bigramPolicy();
  const { ppo } = await learnerOf(policy, { samplerCorrection: 'token' }, { sampler: coarse(policy) });
  const { metrics } = await updates(ppo, 1);
  expect(metrics['sampler/ratio_max']).toBeCloseTo(Math.exp(0.25), 4);
});

test.each(['dpo', 'expert-iteration', 'weighted-sft'])('%s has no advantages, and refuses at the start', async (algorithm) => {
  await expect(learnerOf(bigramPolicy(), { samplerCorrection: 'token' }, { algorithm })).rejects.toMatchObject({
    code: 'PPO_CONFIG',
    where: 'samplerCorrection',
  });
});

test("an algorithm of one's own without advantages is refused before its first step", () => {
  expect(() =>
    correctionColumns([rolloutOf([-1])], { weights: [f32(1)] }, { samplerCorrection: 'token', samplerCorrectionCap: 2 }),
  ).toThrow(expect.objectContaining({ code: 'PPO_CONFIG', where: 'samplerCorrection' }));
});

test('where the sampler is the policy, every weight is 1 but for rounding', async () => {
  const { ppo } = await learnerOf(bigramPolicy(), { samplerCorrection: 'sequence' }, { algorithm: 'grpo' });
  const { metrics } = await updates(ppo, 1);
  expect(metrics['sampler/ratio_max']).toBeCloseTo(1, 4);
  expect(metrics['sampler/kl']).toBeCloseTo(0, 4);
  expect(metrics['sampler/clipped']).toBe(0);
});

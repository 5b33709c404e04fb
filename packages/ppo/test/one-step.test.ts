import * as tf from '@tensorflow/tfjs';
import type { Sampler } from '@expctr/language-model';
import { beforeAll, describe, expect, test } from 'vitest';
import { algorithms, type Algorithm } from '../src/index.js';
import { bigramPolicy } from './bigram-policy.js';
import { disturb, learnerOf, shareOf, updates, type TestConfig } from './helpers.js';
import { expectTraced } from './traced.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const CASES: readonly [string, TestConfig][] = [
  ['grpo', {}],
  ['grpo', { beta: 0.1, lossType: 'cispo' }],
  ['grpo', { importanceSamplingLevel: 'sequence', delta: 1.5 }],
  ['rloo', { beta: 0 }],
  ['reinforce++', { klCoefficient: 0 }],
];

describe.each(CASES)('%s %j, one epoch of one minibatch', (name, config) => {
  const built: Algorithm = algorithms[name as keyof typeof algorithms];
  const asking: Algorithm = { ...built, needs: (all) => ({ ...built.needs(all), logProbs: true }) };
  const run = async (algorithm: Algorithm) => {
    const policy = bigramPolicy();
    disturb(policy);
    policy.adapters.copy('default', 'other');
    const settings = { completionsPerPrompt: 3, epochs: 1, microBatchSize: 5, learningRate: 0.05, missingStopPenalty: 0, ...config };
    // as a server that does not say every log-probability
    const sampler: Sampler = {
      generate: async (prompts, options) =>
        (await policy.generate(prompts, options)).map((made) => ({
          ...made,
          logProbs: made.logProbs.map((one, t) => (t % 3 === 1 ? NaN : one)),
        })),
    };
    const { ppo, warnings } = await learnerOf(policy, settings, { algorithm, sampler, reference: { adapter: 'other' } });
    const { metrics } = await updates(ppo, 2, shareOf(2));
    return { metrics, adapter: policy.adapters.get('default'), passes: policy.calls.score.map(({ adapter }) => adapter), warnings };
  };

  test('learns to the same bits as with old log-probabilities, without their pass, and logs the same figures', async () => {
    const [saved, asked] = [await run(built), await run(asking)];
    expect(saved.adapter).toEqual(asked.adapter);
    expect(saved.passes).not.toContain('default');
    expect(asked.passes).toContain('default');
    expect(saved.warnings).toEqual([]);
    const { 'val/first_log_ratio': _, 'val/log_ratio_max': __, ...figures } = asked.metrics;
    expect(Object.keys(saved.metrics).sort()).toEqual(Object.keys(figures).sort());
    for (const [figure, value] of Object.entries(figures)) expect(saved.metrics[figure], figure).toBeCloseTo(value, 5);
  });
});

test('with several steps, or a KL in the reward, old log-probabilities are asked for', () => {
  const needs = (name: 'grpo' | 'rloo' | 'reinforce++' | 'ppo', config: TestConfig) => {
    const algorithm: Algorithm = algorithms[name];
    const defaults = algorithm.options.parse({});
    return algorithm.needs({ ...defaults, epochs: 1, minibatches: 1, ...config } as never).logProbs;
  };
  expect([needs('grpo', {}), needs('grpo', { epochs: 2 }), needs('grpo', { minibatches: 2 })]).toEqual([false, true, true]);
  expect([needs('rloo', { beta: 0 }), needs('rloo', {}), needs('rloo', { beta: 0, epochs: 2 })]).toEqual([false, true, true]);
  expect([needs('reinforce++', { klCoefficient: 0 }), needs('reinforce++', {})]).toEqual([false, true]);
  expect(needs('ppo', {})).toBe(true);
});

test('a loss without old log-probabilities traces', async () => {
  for (const name of ['grpo', 'rloo'] as const) {
    const built: Algorithm = algorithms[name];
    const without: Algorithm = { ...built, advantages: (batch, config) => built.advantages({ ...batch, logProbs: [] }, config) };
    await expectTraced(without, { beta: 0 });
  }
});

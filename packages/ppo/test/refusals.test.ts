import { createRng } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import type { TrainablePolicy } from '@expctr/language-model/training';
import { algorithms, createLearner, loopOptions, resolveConfig } from '../src/index.js';
import { bigramPolicy } from './bigram-policy.js';
import { learnerOf, shareOf, updates } from './helpers.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const least = { maxNewTokens: 8, stopTokenIds: [0] };
const coded = (code: string): Error => expect.objectContaining({ code }) as Error;

test('defaults fill what is left out, undefined included', () => {
  const defaults = { ...loopOptions.parse({}), ...algorithms.ppo.options.parse({}) };
  expect(resolveConfig(algorithms.ppo, least)).toEqual({ ...defaults, ...least });
  expect(resolveConfig(algorithms.ppo, { ...least, epochs: undefined, learningRate: undefined })).toEqual({ ...defaults, ...least });
});

test.each<[string, unknown]>([
  ['maxNewTokens', 0],
  ['stopTokenIds', [-1]],
  ['completionsPerPrompt', 1.5],
  ['temperature', 0],
  ['topK', 0],
  ['topP', 1.1],
  ['missingStopPenalty', -1],
  ['klCoefficient', Number.NaN],
  ['klTarget', 0],
  ['klEstimator', 'k4'],
  ['discount', 1.01],
  ['lambda', -0.1],
  ['whitenAdvantages', 'yes'],
  ['epochs', 0],
  ['minibatches', 0],
  ['microBatchSize', 0],
  ['clipRange', 1],
  ['valueClipRange', 0],
  ['dualClip', 1],
  ['ratioThreshold', 1],
  ['learningRate', -1],
  ['maxGradientNorm', Number.POSITIVE_INFINITY],
])('%s = %s is refused by name', (name, value) => {
  const refused: unknown = expect.objectContaining({
    code: 'PPO_CONFIG',
    where: name,
    expected: expect.stringMatching(/./) as unknown,
    remedy: expect.stringMatching(/correct the value/) as unknown,
  });
  expect(() => resolveConfig(algorithms.ppo, { ...least, [name]: value })).toThrow(refused);
});

test('an unknown setting and an unknown algorithm are refused with what there is', async () => {
  expect(() => resolveConfig(algorithms.ppo, { ...least, gamma: 1 })).toThrow(/gamma is no setting of ppo.*discount/);
  const options = { policy: bigramPolicy(), config: least, reference: 'base', rng: createRng(0) } as const;
  await expect(createLearner({ algorithm: 'pp0', ...options })).rejects.toThrow(/no algorithm pp0.*ppo/);
});

test('scores must be one finite number or null for each completion', async () => {
  const { ppo } = await learnerOf(bigramPolicy());
  await expect(updates(ppo, 1, () => Promise.resolve([1]))).rejects.toThrow(coded('PPO_SCORES'));
  await expect(updates(ppo, 1, (all) => Promise.resolve(all.map(() => Number.NaN)))).rejects.toThrow(coded('PPO_SCORES'));
});

test('a completion without score takes no part in the update, and comes back in the report', async () => {
  const policy = bigramPolicy();
  const { ppo } = await learnerOf(policy, { completionsPerPrompt: 1 });
  const { metrics, completions } = await updates(ppo, 1, (all) => Promise.resolve(all.map((_, i) => (i % 2 === 0 ? null : 2))));
  expect(completions.map(({ score }) => score)).toEqual([null, 2, null, 2]);
  expect(metrics['objective/scored']).toBe(2);
  expect(policy.calls.score.filter(({ adapter }) => adapter === 'default').reduce((sum, { batch }) => sum + batch.prompts.length, 0)).toBe(
    2,
  );

  const { ppo: idle, warnings } = await learnerOf(bigramPolicy());
  const before = idle.exportState();
  await updates(idle, 1, (all) => Promise.resolve(all.map(() => null)));
  expect(warnings.map(({ code }) => code)).toEqual(['PPO_NOTHING_SCORED']);
  expect(idle.exportState().tensors).toEqual(before.tensors);
});

test('no prompts, and a model that gives NaN, are refused', async () => {
  const { ppo } = await learnerOf(bigramPolicy());
  await expect(ppo.update({ prompts: [], score: shareOf(5), step: 0 })).rejects.toThrow(coded('PPO_NO_PROMPTS'));
  const policy = bigramPolicy();
  const sick: TrainablePolicy = {
    ...policy,
    compileScore: () =>
      Promise.resolve({
        run: (batch) => Promise.resolve({ logProbs: batch.responses.map(({ length }) => new Float32Array(length).fill(NaN)) }),
        dispose: () => Promise.resolve(),
      }),
  };
  await expect(updates((await learnerOf(sick)).ppo, 1)).rejects.toThrow(coded('PPO_NOT_FINITE'));
});

test('an adapter cannot be its own reference, nor one that is not there', async () => {
  for (const adapter of ['default', 'nobody']) {
    const { ppo } = await learnerOf(bigramPolicy(), {}, { reference: { adapter } });
    await expect(updates(ppo, 1)).rejects.toThrow(coded('PPO_REFERENCE'));
  }
});

import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import type { Sampler } from '@expctr/language-model';
import { algorithms, type AlgorithmName, type ScoreFunction } from '../src/index.js';
import { bigramPolicy } from './bigram-policy.js';
import { disturb, learnerOf, shareOf, updates } from './helpers.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const names = Object.keys(algorithms) as AlgorithmName[];

/** A policy far from its reference. */
async function astray(algorithm: AlgorithmName, klLimit: number | null) {
  const policy = bigramPolicy();
  policy.adapters.copy('default', 'other');
  disturb(policy, 'default', 3);
  const settings = { completionsPerPrompt: 4, epochs: 1, missingStopPenalty: 0, klLimit, ...(algorithm === 'grpo' ? { beta: 0.1 } : {}) };
  const { ppo } = await learnerOf(policy, settings, { algorithm, reference: { adapter: 'other' } });
  return { policy, ppo };
}

test.each<AlgorithmName>(['ppo', 'grpo', 'rloo', 'reinforce++', 'dpo'])(
  '%s: a policy that has gone astray from its reference is an error, before anything is learned',
  async (algorithm) => {
    const { policy, ppo } = await astray(algorithm, 0.05);
    const before = { adapter: policy.adapters.get('default'), state: ppo.exportState() };
    await expect(updates(ppo, 1, shareOf(2))).rejects.toMatchObject({ code: 'PPO_KL', where: 'klLimit' });
    expect(policy.adapters.get('default')).toEqual(before.adapter);
    expect(ppo.exportState().tensors).toEqual(before.state.tensors);
    const { ppo: free } = await astray(algorithm, null);
    expect((await updates(free, 1, shareOf(2))).metrics['objective/kl']).toBeGreaterThan(0.05);
  },
);

test.each(names)(
  '%s: nothing scored, one completion of each prompt scored, and equal scores, all leave finite parameters',
  async (algorithm) => {
    const policy = bigramPolicy();
    const { ppo, warnings } = await learnerOf(policy, { completionsPerPrompt: 3, missingStopPenalty: 0 }, { algorithm });
    const scores: ScoreFunction[] = [
      (all) => Promise.resolve(all.map(() => null)),
      (all) => Promise.resolve(all.map((_, i) => (i % 3 === 0 ? i : null))),
      (all) => Promise.resolve(all.map(() => 0.3)),
    ];
    for (const [step, score] of scores.entries()) {
      const { metrics } = await ppo.update({ prompts: [[3], [4, 5]], step, score });
      expect(metrics['objective/scored']).toBe([0, 2, 6][step]);
      for (const [name, value] of Object.entries(metrics)) expect(Number.isFinite(value), name).toBe(true);
    }
    expect(policy.adapters.get('default').every(Number.isFinite)).toBe(true);
    expect(warnings[0]!.code).toBe('PPO_NOTHING_SCORED');
    expect(warnings.every(({ code }) => code.startsWith('PPO_NOTHING'))).toBe(true);
  },
);

test('scores that are no numbers, too few, of no kind, or whose components are wrong are refused', async () => {
  const { ppo } = await learnerOf(bigramPolicy());
  const all: readonly ((count: number) => unknown)[] = [
    () => undefined,
    () => null,
    () => 5,
    () => 'none',
    (count) => new Array<string>(count).fill('1'),
    (count) => new Array<undefined>(count).fill(undefined),
    (count) => new Float64Array(count).fill(Infinity),
    (count) => new Float64Array(count + 1),
    (count) => ({ total: new Float64Array(count), components: { a: new Float64Array(count).fill(NaN) }, weights: { a: 1 } }),
    (count) => ({ total: new Float64Array(count), components: { a: [] }, weights: { a: 1 } }),
    (count) => ({ total: new Float64Array(count), components: { a: new Float64Array(count) }, weights: {} }),
    (count) => ({ total: new Float64Array(count - 1), components: {}, weights: {} }),
  ];
  for (const given of all) {
    const score = ((completions) => Promise.resolve(given(completions.length))) as ScoreFunction;
    await expect(updates(ppo, 1, score)).rejects.toMatchObject({ code: 'PPO_SCORES' });
  }
});

test('a score that throws changes nothing: the learner goes on where it stood', async () => {
  const expected = await updates((await learnerOf(bigramPolicy())).ppo, 1);
  const { ppo } = await learnerOf(bigramPolicy());
  const own = new Error('the reward model is away');
  await expect(updates(ppo, 1, () => Promise.reject(own))).rejects.toBe(own);
  expect(await updates(ppo, 1)).toEqual(expected);
});

test('completions that are empty, of no prompt, or without their log-probabilities are refused', async () => {
  const policy = bigramPolicy();
  const whole = { promptIndex: 0, tokens: Int32Array.of(1, 2), logProbs: Float32Array.of(-1, -1), finishReason: 'length' as const };
  for (const wrong of [
    { tokens: new Int32Array(0), logProbs: new Float32Array(0) },
    { promptIndex: 9 },
    { logProbs: new Float32Array(1) },
  ]) {
    const sampler: Sampler = { generate: () => Promise.resolve([{ ...whole, ...wrong }]) };
    await expect(updates((await learnerOf(policy, {}, { sampler })).ppo, 1)).rejects.toMatchObject({ code: 'PPO_RAGGED' });
  }
});

import { createRng } from '@expctr/core';
import type { RowPair } from '@expctr/language-model/training';
import { sgd } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import {
  algorithms,
  createLearner,
  loopOptions,
  onTokens,
  planMinibatches,
  rolloutLimits,
  total,
  type Algorithm,
  type LearnerOptions,
  type RolloutBatch,
} from '../src/index.js';
import { bigramPolicy, EOS } from './bigram-policy.js';
import { disturb, learnerOf, PROMPTS, shareOf, spied, updates } from './helpers.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Rows of each prompt, best first. */
function ranked({ rollouts, scores }: RolloutBatch): number[][] {
  const groups = new Map<number, number[]>();
  rollouts.forEach(({ promptIndex }, row) => groups.set(promptIndex, [...(groups.get(promptIndex) ?? []), row]));
  return [...groups.values()].map((rows) => rows.sort((a, b) => scores[b]! - scores[a]!));
}

const pairOptions = z.object({ beta: z.number().positive().default(0.5).describe('per nat: strength of the pull to the reference') });

/** Direct preference optimization on the best and the worst completion of a prompt (Rafailov et al. 2023, equation 7). */
const preferences: Algorithm<typeof pairOptions> = {
  name: 'preferences',
  description: 'best against worst',
  options: pairOptions,
  valueHead: false,
  groups: true,
  needs: () => ({ logProbs: false, reference: true }),
  select(batch) {
    const unequal = ranked(batch).filter((rows) => batch.scores[rows[0]!]! > batch.scores[rows.at(-1)!]!);
    const pairs = unequal.map((rows): RowPair => [rows[0]!, rows.at(-1)!]);
    return { rows: pairs.flat(), pairs, metrics: { pairs: pairs.length } };
  },
  advantages: ({ referenceLogProbs }) => ({ columns: { referenceLogProbs: referenceLogProbs! } }),
  loss:
    ({ beta }) =>
    ({ logProbs }, { mask, columns, scalars, pairs }) => {
      const ratios = tf.sum(onTokens(tf.sub(logProbs, columns['referenceLogProbs']!), mask), 1); // [rows]
      const margin = tf.mul(beta, tf.sub(tf.gather(ratios, pairs!.chosen), tf.gather(ratios, pairs!.rejected))); // [P]
      const loss = tf.div(total(tf.mul(tf.softplus(tf.neg(margin)), pairs!.mask)), scalars['pairs']!).asScalar(); // -log sigmoid
      return { loss, metrics: { 'loss/policy_avg': loss } };
    },
};

const noOptions = z.object({});

/** The best completion of each prompt, learned by heart. */
const best: Algorithm<typeof noOptions> = {
  name: 'best',
  description: 'best of n',
  options: noOptions,
  valueHead: false,
  groups: true,
  needs: () => ({ logProbs: false, reference: false }),
  select: (batch) => ({ rows: ranked(batch).map(([row]) => row!) }),
  advantages: () => ({ columns: {} }),
  loss:
    () =>
    ({ logProbs }, { mask, scalars }) => {
      const loss = tf.div(tf.neg(total(onTokens(logProbs, mask))), scalars['tokens']!).asScalar();
      return { loss, metrics: { 'loss/policy_avg': loss } };
    },
};

test.each<[string, Algorithm, number]>([
  ['pairs', preferences, 0.05],
  ['the best of a group', best, 0.05],
])('an algorithm of one page that chooses what it learns from learns in the same loop: %s', async (_, algorithm, learningRate) => {
  const policy = bigramPolicy();
  const { ppo, warnings } = await learnerOf(policy, { completionsPerPrompt: 6, learningRate, missingStopPenalty: 0 }, { algorithm });
  const scoreOf = async (from: number, count: number) => (await updates(ppo, count, shareOf(2), from)).metrics['objective/scores']!;
  const first = await scoreOf(0, 1);
  const last = await scoreOf(1, 11);
  expect(last - first).toBeGreaterThan(0.3);
  expect(warnings).toEqual([]);
});

test('pairs reach the loss together, with the number of the whole minibatch, and rows without a pair never enter', async () => {
  const policy = bigramPolicy();
  const { policy: watched, steps } = spied(policy);
  const settings = { completionsPerPrompt: 4, microBatchSize: 3, minibatches: 2, epochs: 2, missingStopPenalty: 0 };
  const { ppo } = await learnerOf(watched, settings, { algorithm: preferences });
  const { completions, metrics } = await updates(ppo, 1);
  expect(metrics['pairs']).toBeGreaterThan(1);
  expect(steps.length).toBe(4);
  for (const { batches } of steps) {
    const pairs = batches.flatMap((batch) => batch.pairs!);
    for (const { responses, prompts, pairs: local, scalars, columns } of batches) {
      expect(responses.length).toBe(2 * local!.length);
      expect(scalars!['pairs']).toBe(pairs.length);
      for (const [chosen, rejected] of local!) {
        expect(prompts[chosen]).toEqual(prompts[rejected]);
        const scoreOf = (row: number) => completions.find(({ tokens }) => tokens === responses[row])!.score!;
        expect(scoreOf(chosen)).toBeGreaterThan(scoreOf(rejected));
        expect(columns!['referenceLogProbs']![chosen]!.length).toBe(responses[chosen]!.length);
      }
    }
  }
  const all = steps.slice(0, 2).flatMap(({ batches }) => batches.flatMap((batch) => batch.pairs!));
  expect(all.length).toBe(metrics['pairs']);
});

test('the cut into micro-batches changes no gradient of a loss over pairs', async () => {
  const adapterAfter = async (microBatchSize: number) => {
    const policy = bigramPolicy();
    const settings = { microBatchSize, epochs: 1, completionsPerPrompt: 4 };
    const { ppo } = await learnerOf(policy, settings, { algorithm: preferences, optimizer: sgd({ learningRate: 1 }) });
    await updates(ppo, 1);
    return policy.adapters.get('default');
  };
  const [whole, cut] = [await adapterAfter(100), await adapterAfter(1)];
  expect(Math.max(...whole.map(Math.abs))).toBeGreaterThan(1e-3);
  cut.forEach((value, i) => expect(value).toBeCloseTo(whole[i]!, 6));
});

test('only what an algorithm needs is asked of the models', async () => {
  const asked = async (options: Partial<LearnerOptions>, config = {}) => {
    const policy = bigramPolicy();
    disturb(policy);
    policy.adapters.create('other', createRng(0));
    const { ppo } = await learnerOf(policy, { microBatchSize: 100, ...config }, { reference: { adapter: 'other' }, ...options });
    const { metrics } = await updates(ppo, 1);
    await ppo.dispose();
    expect(policy.calls.disposed).toEqual(['score', 'step']);
    return { passes: policy.calls.score.map(({ adapter }) => adapter), metrics, state: ppo.exportState() };
  };
  expect((await asked({ algorithm: best })).passes).toEqual([]);
  expect((await asked({ algorithm: preferences })).passes).toEqual(['other']);
  expect((await asked({ algorithm: 'ppo' })).passes).toEqual(['default', 'other']);
  const free = await asked({ algorithm: 'ppo', reference: { adapter: 'nobody' } }, { klCoefficient: 0 });
  expect(free.passes).toEqual(['default']);
  expect(free.metrics).not.toHaveProperty('objective/kl');
  expect(free.state).not.toHaveProperty('reference');
});

test('an update for which nothing is selected learns nothing, and warns', async () => {
  const policy = bigramPolicy();
  const { ppo, warnings } = await learnerOf(policy, { missingStopPenalty: 0 }, { algorithm: preferences });
  const { metrics, completions } = await updates(ppo, 1, (all) => Promise.resolve(all.map(() => 1)));
  expect(warnings.map(({ code }) => code)).toEqual(['PPO_NOTHING_SELECTED']);
  expect(completions.length).toBe(PROMPTS.length * 3);
  expect(metrics).toMatchObject({ pairs: 0 });
  expect(policy.calls.step).toEqual([]);
});

test('an algorithm is refused whose options clash with the loop, whose pairs are not selected, or whose columns are not ragged', async () => {
  const clashing: Algorithm = { ...best, options: z.object({ epochs: z.int().default(1) }) };
  await expect(learnerOf(bigramPolicy(), {}, { algorithm: clashing })).rejects.toMatchObject({ code: 'PPO_ALGORITHM' });
  const parted: Algorithm = { ...preferences, select: () => ({ rows: [0, 1], pairs: [[0, 2]] }) };
  const { ppo } = await learnerOf(bigramPolicy(), {}, { algorithm: parted });
  await expect(updates(ppo, 1)).rejects.toMatchObject({ code: 'PPO_ALGORITHM' });
  const short: Algorithm = { ...best, advantages: () => ({ columns: { weights: [new Float32Array(1)] } }) };
  const { ppo: other } = await learnerOf(bigramPolicy(), {}, { algorithm: short });
  await expect(updates(other, 1)).rejects.toMatchObject({ code: 'PPO_RAGGED', where: 'weights' });
  await expect(learnerOf(bigramPolicy(), { completionsPerPrompt: 1 }, { algorithm: best })).rejects.toMatchObject({
    code: 'PPO_CONFIG',
    where: 'completionsPerPrompt',
  });
});

test('a table of algorithms is where a name is looked up', async () => {
  const options = { algorithms: { ...algorithms, best }, algorithm: 'best' };
  expect((await learnerOf(bigramPolicy(), {}, options)).ppo.exportState().algorithm).toBe('best');
  await expect(learnerOf(bigramPolicy(), {}, { algorithm: 'best' })).rejects.toMatchObject({ code: 'PPO_ALGORITHM' });
});

test("every built-in algorithm's options have defaults and descriptions, and no name of the loop's or the trainer's", () => {
  const trainers = ['algorithm', 'stage1Updates', 'stage3Updates', 'promptsPerUpdate', 'checkpointEvery'];
  const taken = [...Object.keys(loopOptions.shape), ...Object.keys(rolloutLimits.shape), ...trainers];
  for (const [name, algorithm] of Object.entries(algorithms)) {
    expect(algorithm.name).toBe(name);
    expect(algorithm.description).toMatch(/^[^\n]{10,100}$/);
    expect(() => algorithm.options.parse({})).not.toThrow();
    for (const [option, schema] of Object.entries<z.ZodType>(algorithm.options.shape)) {
      expect(schema.description, option).toMatch(/.{10}/);
      expect(taken).not.toContain(option);
    }
  }
  expect(Object.values(loopOptions.shape).every((schema) => (schema.description ?? '').length > 10)).toBe(true);
});

test('rows that pairs connect stay in one minibatch and one micro-batch, and pairs that share a row are one set', () => {
  const rows = Array.from({ length: 10 }, (_, row) => ({ promptIndex: row >> 1, promptLength: 3, responseLength: 1 + (row % 4) }));
  const pairs: RowPair[] = [
    [0, 9],
    [9, 4],
    [2, 7],
  ];
  const plan = planMinibatches({ rows, pairs, minibatches: 3, microBatchSize: 2, rng: createRng(3) });
  const parts = plan.flatMap(({ microBatches }) => microBatches);
  expect(parts.flat().sort((a, b) => a - b)).toEqual(rows.map((_, row) => row));
  for (const pair of pairs) expect(parts.filter((part) => pair.some((row) => part.includes(row))).length).toBe(1);
  expect(Math.max(...parts.map(({ length }) => length))).toBe(3); // the set of three, which is larger than a micro-batch
});

test('settings are typed by the algorithm', () => {
  const options = { policy: bigramPolicy(), reference: 'base', rng: createRng(0) } as const;
  const limits = { maxNewTokens: 4, stopTokenIds: [EOS] };
  const named: string = 'ppo';
  const typed = () => [
    createLearner({ ...options, algorithm: 'ppo', config: { ...limits, clipRange: 0.1, learningRate: () => 0 } }),
    createLearner({ ...options, algorithm: preferences, config: { ...limits, beta: 1 } }),
    createLearner({ ...options, algorithm: named, config: { ...limits, anything: 1 } }),
    // @ts-expect-error no such setting
    createLearner({ ...options, algorithm: 'ppo', config: { ...limits, beta: 1 } }),
    // @ts-expect-error not a number
    createLearner({ ...options, algorithm: preferences, config: { ...limits, beta: 'high' } }),
    // @ts-expect-error maxNewTokens is missing
    createLearner({ ...options, algorithm: 'ppo', config: { stopTokenIds: [] } }),
  ];
  expect(typed).toBeTypeOf('function');
});

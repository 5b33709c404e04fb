import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { algorithms, resolveConfig, type Algorithm } from '../src/index.js';
import { bigramPolicy } from './bigram-policy.js';
import { column, learnerOf, spied, updates } from './helpers.js';
import { expectLoss, expectRows, readFixture, scoredBatch, type LossCase, type Rows } from './oracle.js';

interface Fixture {
  readonly padded: number;
  readonly generations: number;
  readonly scores: readonly number[];
  readonly cases: readonly {
    readonly algorithm: 'reinforce++' | 'weighted-sft' | 'expert-iteration';
    readonly name: string;
    readonly config: Readonly<Record<string, unknown>>;
    readonly inputs: Record<'oldLogProbs' | 'referenceLogProbs' | 'newLogProbs' | 'entropy', Rows>;
    readonly expected: LossCase['expected'];
    readonly advantages?: Rows;
    readonly weights?: readonly number[];
    readonly rows?: readonly number[];
  }[];
}
const { padded, generations, scores, cases } = readFixture<Fixture>('without-trl.json');

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe.each(cases)('$algorithm, as torch has it: $name', ({ algorithm: name, config: given, inputs, expected, ...about }) => {
  const algorithm: Algorithm = algorithms[name];
  const config = resolveConfig(algorithm, { maxNewTokens: padded, stopTokenIds: [], epochs: 2, ...given });
  const needs = algorithm.needs(config);
  const referenceLogProbs = needs.reference ? inputs.referenceLogProbs : null;
  const { batch } = scoredBatch({ generations, scores, logProbs: inputs.oldLogProbs, referenceLogProbs });
  const rollouts = batch.rollouts.map((rollout, row) => ({ ...rollout, tokens: rollout.tokens.fill(row) }));
  const rows = algorithm.select?.({ ...batch, rollouts }, config).rows ?? rollouts.map((_, row) => row);
  const { columns } = algorithm.advantages({ ...batch, rollouts }, config);

  test('advantages, weights and what is learned', () => {
    if (about.advantages) expectRows(columns['advantages']!, about.advantages);
    if (about.weights) {
      expectRows(
        columns['weights']!,
        inputs.entropy.map((row, i) => row.map(() => about.weights![i]!)),
      );
    }
    expect([...rows].sort((a, b) => a - b)).toEqual([...(about.rows ?? rollouts.map((_, row) => row))].sort((a, b) => a - b));
  });

  test.each([0, NaN, 1e30])('loss, metrics and gradient, whatever stands on padding (%s)', (garbage) => {
    const of = <T>(all: readonly T[]): T[] => rows.map((row) => all[row]!);
    const chosen = Object.fromEntries(Object.entries(columns).map(([column_, values]) => [column_, of(values)]));
    const held = { ...expected, gradientLogProbs: of(expected.gradientLogProbs) };
    const [newLogProbs, entropy] = [of(inputs.newLogProbs), of(inputs.entropy)];
    expectLoss(algorithm.loss(config), { newLogProbs, entropy, columns: chosen, width: padded, garbage, expected: held });
  });
});

test('expert iteration learns the best texts that differ, none of a prompt without a best, and all above a score that is asked for', () => {
  const tokens = [[1], [1], [2], [3], [4], [5], [6], [7]];
  const rollouts = tokens.map((text, row) => ({
    promptIndex: row >> 2,
    prompt: [1],
    tokens: Int32Array.from(text),
    samplerLogProbs: new Float32Array(1),
    finishReason: 'length' as const,
  }));
  const selected = (config: Readonly<Record<string, unknown>>) => {
    const expert: Algorithm = algorithms['expert-iteration'];
    const batch = { rollouts, scores: [3, 3, 2, 1, 1, 1, 1, 1] };
    return expert.select!(batch, resolveConfig(expert, { maxNewTokens: 1, stopTokenIds: [], ...config }));
  };
  expect(selected({ keep: 2 })).toEqual({
    rows: [0, 2],
    metrics: { frac_reward_zero_std: 0.5, 'completions/learned': 2, 'completions/learned_score': 2.5 },
  });
  expect(selected({ keep: 2, minimumScore: 1 }).rows).toEqual([0, 2, 4, 5]);
  expect(selected({ keep: 2, minimumScore: 2.5 }).rows).toEqual([0]);
  expect(selected({ minimumScore: 9 })).toEqual({ rows: [], metrics: { frac_reward_zero_std: 0.5, 'completions/learned': 0 } });
});

test('weights are bounded, have mean 1, grow with the score, and of equal scores nothing is learned', async () => {
  const { policy, steps } = spied(bigramPolicy());
  const settings = { completionsPerPrompt: 4, weightTemperature: 0.05, maxWeight: 2, missingStopPenalty: 0, epochs: 1, microBatchSize: 99 };
  const { ppo } = await learnerOf(policy, settings, { algorithm: 'weighted-sft' });
  const half = await updates(ppo, 1, (all) => Promise.resolve(all.map(({ promptIndex }, i) => (promptIndex < 2 ? 1 : i % 4))));
  expect(half.metrics['frac_reward_zero_std']).toBe(0.5);
  const weights = column(steps[0]!, 'weights').map((row) => row[0]!);
  expect(weights.length).toBe(8);
  expect(weights.reduce((sum, weight) => sum + weight, 0) / 8).toBeCloseTo(1, 5);
  expect(new Set(weights.map((weight) => weight.toFixed(3)))).toEqual(new Set(['0.000', '2.000'])); // 0, 0, bound, bound
  expect(half.metrics['weights/effective']).toBeCloseTo(0.5, 3);
});

test('the baseline of the prompt needs several completions, and leaves nothing of a reward that only tells prompts apart', async () => {
  const config = { groupBaseline: true, klCoefficient: 0, missingStopPenalty: 0, epochs: 1, completionsPerPrompt: 1 };
  const wanted = { code: 'PPO_CONFIG', where: 'completionsPerPrompt' };
  await expect(learnerOf(bigramPolicy(), config, { algorithm: 'reinforce++' })).rejects.toMatchObject(wanted);
  await learnerOf(bigramPolicy(), { ...config, groupBaseline: false }, { algorithm: 'reinforce++' });
  const policy = bigramPolicy();
  const { ppo } = await learnerOf(policy, { ...config, completionsPerPrompt: 3 }, { algorithm: 'reinforce++' });
  await updates(ppo, 1, (all) => Promise.resolve(all.map(({ promptIndex }) => promptIndex)));
  expect(Math.max(...policy.adapters.get('default').map(Math.abs))).toBeLessThan(1e-6);
});

test.each([
  ['expert-iteration', { keep: 4, completionsPerPrompt: 4 }, 'keep'],
  ['expert-iteration', { completionsPerPrompt: 1 }, 'completionsPerPrompt'],
  ['dpo', { lossType: 'ipo', labelSmoothing: 0.1 }, 'labelSmoothing'],
  ['dpo', { labelSmoothing: 0.5 }, 'labelSmoothing'],
  ['dpo', { beta: 0 }, 'beta'],
  ['weighted-sft', { weightTemperature: 0 }, 'weightTemperature'],
  ['weighted-sft', { completionsPerPrompt: 1 }, 'completionsPerPrompt'],
  ['reinforce++', { dualClip: 1 }, 'dualClip'],
] as const)('%s refuses %s by name', (name, config, where) => {
  const refused: unknown = expect.objectContaining({ code: 'PPO_CONFIG', where, remedy: expect.stringMatching(/./) as unknown });
  expect(() => resolveConfig(algorithms[name] as Algorithm, { maxNewTokens: 8, stopTokenIds: [], ...config })).toThrow(refused);
});

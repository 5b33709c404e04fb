import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RowPair } from '@expctr/language-model/training';
import { algorithms, resolveConfig } from '../src/index.js';
import { bigramPolicy } from './bigram-policy.js';
import { learnerOf, shareOf, updates } from './helpers.js';
import { expectLoss, readFixture, scoredBatch, type LossCase, type Rows } from './oracle.js';
import { expectTraced } from './traced.js';

const { dpo } = algorithms;
interface Fixture {
  readonly padded: number;
  readonly generations: number;
  readonly scores: readonly number[];
  readonly cases: readonly {
    readonly name: string;
    readonly config: Partial<Parameters<typeof dpo.loss>[0]>;
    readonly pairs: readonly RowPair[];
    readonly inputs: Record<'referenceLogProbs' | 'newLogProbs' | 'entropy', Rows>;
    readonly expected: LossCase['expected'];
  }[];
}
const { padded, generations, scores, cases } = readFixture<Fixture>('dpo.json');

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe.each(cases)('trl: $name', ({ config: given, pairs, inputs, expected }) => {
  const config = resolveConfig(dpo, { maxNewTokens: padded, stopTokenIds: [], ...given });
  const logProbs = inputs.newLogProbs;
  const { batch } = scoredBatch({ generations, scores, logProbs, referenceLogProbs: inputs.referenceLogProbs });
  const rollouts = batch.rollouts.map((rollout, row) => ({ ...rollout, tokens: rollout.tokens.fill(row) }));
  const selection = dpo.select!({ ...batch, rollouts }, config);

  test('the same pairs are compared', () => {
    const sorted = (all: readonly RowPair[]): string[] => all.map((pair) => pair.join()).sort();
    expect(sorted(selection.pairs!)).toEqual(sorted(pairs));
    expect(selection.rows).toEqual([...new Set(pairs.flat())].sort((a, b) => a - b));
    expect(selection.metrics!['pairs/count']).toBe(pairs.length);
  });

  test.each([0, NaN, 1e30])('loss, metrics and gradient, whatever stands on padding (%s)', (garbage) => {
    const rows = selection.rows!;
    const of = (all: Rows): Rows => rows.map((row) => all[row]!);
    const local = selection.pairs!.map(([a, b]): RowPair => [rows.indexOf(a), rows.indexOf(b)]);
    const held = { ...expected, gradientLogProbs: of(expected.gradientLogProbs) };
    const columns = { referenceLogProbs: of(inputs.referenceLogProbs).map((row) => Float32Array.from(row)) };
    const entropy = of(inputs.entropy);
    expectLoss(dpo.loss(config), { newLogProbs: of(logProbs), entropy, columns, width: padded, garbage, pairs: local, expected: held });
  });
});

test('a prompt without two different texts of different scores makes no pair, and is counted', () => {
  const config = resolveConfig(dpo, { maxNewTokens: 3, stopTokenIds: [], pairs: 'all' });
  const texts = [[1], [1], [2], [3], [4], [5]];
  const rollouts = texts.map((tokens, row) => ({
    promptIndex: row >> 1,
    prompt: [1],
    tokens: Int32Array.from(tokens),
    samplerLogProbs: new Float32Array(1),
    finishReason: 'length' as const,
  }));
  const { rows, pairs, metrics } = dpo.select!({ rollouts, scores: [0, 1, 0.5, 0.5 + 1e-13, 1, 2] }, config);
  expect(rows).toEqual([4, 5]);
  expect(pairs).toEqual([[5, 4]]);
  expect(metrics).toEqual({ 'pairs/count': 1, 'pairs/prompts_without': 2 / 3, 'pairs/score_margin': 1 });
});

test('the policy prefers what it was taught to, and is asked for no old log-probabilities', async () => {
  const policy = bigramPolicy();
  const settings = { completionsPerPrompt: 4, learningRate: 0.05, epochs: 2, missingStopPenalty: 0 };
  const { ppo } = await learnerOf(policy, settings, { algorithm: 'dpo' });
  await updates(ppo, 1, shareOf(2));
  const asked = policy.calls.score.length; // at first of both, to see that the base model is the reference
  const { metrics } = await updates(ppo, 3, shareOf(2), 1);
  expect(policy.calls.score.slice(asked).every(({ adapter }) => adapter === null)).toBe(true);
  expect(metrics['rewards/accuracies']).toBeGreaterThan(0.5);
  expect(metrics['rewards/margins']).toBeCloseTo(metrics['rewards/chosen']! - metrics['rewards/rejected']!, 5);
});

test('every loss traces into an ONNX graph that gives what the cpu backend gives', async () => {
  for (const lossType of ['ipo', 'robust'] as const) {
    await expectTraced(dpo, { lossType, ...(lossType === 'robust' ? { labelSmoothing: 0.1 } : {}) });
  }
});

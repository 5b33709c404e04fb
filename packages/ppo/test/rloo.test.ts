import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { algorithms, resolveConfig } from '../src/index.js';
import { bigramPolicy } from './bigram-policy.js';
import { column, learnerOf, shareOf, spied, updates } from './helpers.js';
import { expectClose, expectLoss, expectRows, readFixture, scoredBatch, type LossCase, type Rows } from './oracle.js';

const { rloo } = algorithms;
interface Fixture {
  readonly padded: number;
  readonly generations: number;
  readonly cases: readonly {
    readonly name: string;
    readonly config: Partial<Parameters<typeof rloo.loss>[0]>;
    readonly scores: readonly (number | null)[];
    readonly inputs: Record<'oldLogProbs' | 'referenceLogProbs' | 'newLogProbs' | 'entropy', Rows>;
    readonly expected: Partial<LossCase['expected']> & {
      readonly advantages: readonly number[];
      readonly rolloutMetrics: Readonly<Record<string, number>>;
    };
  }[];
}
const fixture = readFixture<Fixture>('rloo.json');

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe.each(fixture.cases)('trl: $name', ({ config: given, scores, inputs, expected }) => {
  const config = resolveConfig(rloo, { maxNewTokens: fixture.padded, stopTokenIds: [], ...given });
  const referenceLogProbs = config.beta > 0 ? inputs.referenceLogProbs : null;
  const { batch, at } = scoredBatch({ generations: fixture.generations, scores, logProbs: inputs.oldLogProbs, referenceLogProbs });
  const { columns, metrics } = rloo.advantages(batch, config);

  test('advantages are the same', () => {
    expectRows(
      columns['advantages']!,
      at.map((row) => inputs.oldLogProbs[row]!.map(() => expected.advantages[row]!)),
    );
    if (scores.includes(null)) return;
    for (const [name, value] of Object.entries(expected.rolloutMetrics)) expectClose([metrics![name]!], [value], name);
  });

  const { loss, gradientLogProbs, metrics: figures } = expected;
  if (loss === undefined) return; // trl counts completions without a score in its loss
  test.each([0, NaN, 1e30])('loss, metrics and gradient, whatever stands on padding (%s)', (garbage) => {
    const held = { loss, gradientLogProbs: gradientLogProbs!, metrics: figures! };
    expectLoss(rloo.loss(config), { ...inputs, columns, width: fixture.padded, garbage, expected: held });
  });
});

test('a prompt whose completions have equal rewards has no advantage, teaches nothing, and is counted', async () => {
  const policy = bigramPolicy();
  const { policy: watched, steps } = spied(policy);
  const settings = { completionsPerPrompt: 3, missingStopPenalty: 0, epochs: 1, beta: 0 };
  const { ppo } = await learnerOf(watched, settings, { algorithm: 'rloo' });
  const { metrics } = await updates(ppo, 1, (all) => Promise.resolve(all.map(({ promptIndex }) => 0.1 * (1 + promptIndex))));
  expect(metrics['frac_reward_zero_std']).toBe(1);
  expect(column(steps[0]!, 'advantages').every((row) => row.every((value) => value === 0))).toBe(true);
  expect(policy.adapters.get('default').every((value) => value === 0)).toBe(true);
  expect(policy.calls.score.every(({ adapter }) => adapter !== null)).toBe(true); // beta 0: no reference
});

test('the KL in the reward holds the policy near its reference', async () => {
  const kl = async (beta: number) => {
    const settings = { completionsPerPrompt: 4, learningRate: 0.05, missingStopPenalty: 0, beta };
    return (await updates((await learnerOf(bigramPolicy(), settings, { algorithm: 'rloo' })).ppo, 5, shareOf(2))).metrics;
  };
  const [light, heavy] = [await kl(0.001), await kl(1)];
  expect(heavy['objective/kl']).toBeLessThan(0.5 * light['objective/kl']!);
  expect(heavy['objective/rlhf_reward']).toBeCloseTo(heavy['objective/scores']! - heavy['objective/kl']!, 5);
});

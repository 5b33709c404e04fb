import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { algorithms, resolveConfig } from '../src/index.js';
import { bigramPolicy } from './bigram-policy.js';
import { learnerOf, PROMPTS, shareOf, spied, updates } from './helpers.js';
import { expectClose, expectLoss, expectRows, readFixture, scoredBatch, type LossCase, type Rows } from './oracle.js';
import { expectTraced } from './traced.js';

const { grpo } = algorithms;
type Config = Parameters<typeof grpo.loss>[0];

interface Fixture {
  readonly padded: number;
  readonly generations: number;
  readonly groups: readonly {
    readonly name: string;
    readonly scaleRewards: Config['scaleRewards'];
    readonly scores: readonly (number | null)[];
    readonly advantages: readonly number[];
    readonly metrics: Readonly<Record<string, number>>;
  }[];
  readonly rewards: readonly {
    readonly name: string;
    readonly weights: readonly number[];
    readonly rewards: readonly (readonly (number | null)[])[];
    readonly advantages: readonly number[];
  }[];
  readonly cases: readonly {
    readonly name: string;
    readonly config: Partial<Config>;
    readonly scores: readonly number[];
    readonly inputs: Record<'oldLogProbs' | 'referenceLogProbs' | 'newLogProbs' | 'entropy', Rows>;
    readonly expected: LossCase['expected'];
  }[];
}
const fixture = readFixture<Fixture>('grpo.json');

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test.each(fixture.groups)(
  'advantages are those of trl: $name, scaled by $scaleRewards',
  ({ scaleRewards, scores, advantages, metrics }) => {
    const config = resolveConfig(grpo, { maxNewTokens: 9, stopTokenIds: [], scaleRewards });
    const logProbs = scores.map((_, row) => new Array<number>(1 + (row % 3)).fill(-1));
    const { batch, at } = scoredBatch({ generations: fixture.generations, scores, logProbs, referenceLogProbs: null });
    const inputs = grpo.advantages(batch, config);
    expectRows(
      inputs.columns['advantages']!,
      at.map((row) => logProbs[row]!.map(() => advantages[row]!)),
    );
    if (scores.includes(null)) return;
    expectClose([inputs.metrics!['reward_std']!], [metrics['reward_std']!]);
    if (scaleRewards !== 'batch') expectClose([inputs.metrics!['frac_reward_zero_std']!], [metrics['frac_reward_zero_std']!]);
  },
);

describe.each(fixture.cases)('loss, metrics and gradient are those of trl: $name', ({ config: given, scores, inputs, expected }) => {
  const config = resolveConfig(grpo, { maxNewTokens: fixture.padded, stopTokenIds: [], ...given });
  test.each([0, NaN, 1e30])('whatever stands on padding (%s)', (garbage) => {
    const referenceLogProbs = config.beta > 0 ? inputs.referenceLogProbs : null;
    const { batch } = scoredBatch({ generations: fixture.generations, scores, logProbs: inputs.oldLogProbs, referenceLogProbs });
    const { columns } = grpo.advantages(batch, config);
    expectLoss(grpo.loss(config), { ...inputs, columns, width: fixture.padded, garbage, expected });
  });
});

test('every loss traces into an ONNX graph that gives what the cpu backend gives', async () => {
  for (const lossType of ['grpo', 'dr-grpo', 'cispo'] as const) {
    await expectTraced(grpo, { lossType, beta: 0.1, delta: 1.2, importanceSamplingLevel: lossType === 'grpo' ? 'sequence' : 'token' });
  }
});

test.each(fixture.rewards)(
  'several rewards, each normalized by itself before they are summed, as trl: $name',
  ({ weights, rewards, advantages }) => {
    const config = resolveConfig(grpo, { maxNewTokens: 9, stopTokenIds: [], multiObjectiveAggregation: 'normalize-then-sum' });
    const logProbs = advantages.map((_, row) => new Array<number>(1 + (row % 3)).fill(-1));
    const scores = advantages.map(() => 0); // nothing is taken from the totals
    const { batch } = scoredBatch({ generations: fixture.generations, scores, logProbs, referenceLogProbs: null });
    const components = weights.map((weight, k) => ({ name: `reward${k}`, weight, values: rewards.map((row) => row[k]!) }));
    const { columns } = grpo.advantages({ ...batch, components }, config);
    expectRows(
      columns['advantages']!,
      logProbs.map((row, i) => row.map(() => advantages[i]!)),
    );
  },
);

test('a prompt whose completions have equal scores enters no step, and is counted', async () => {
  const policy = bigramPolicy();
  const { policy: watched, steps } = spied(policy);
  const { ppo, warnings } = await learnerOf(watched, { completionsPerPrompt: 3, missingStopPenalty: 0, epochs: 1 }, { algorithm: 'grpo' });
  const { metrics } = await updates(ppo, 1, (all) => Promise.resolve(all.map(({ promptIndex }) => 0.1 * (1 + promptIndex))));
  expect(metrics['frac_reward_zero_std']).toBe(1);
  expect(warnings.map(({ code }) => code)).toEqual(['PPO_NOTHING_SELECTED']);
  expect(steps).toEqual([]);
  const half = await updates(ppo, 1, (all) => Promise.resolve(all.map(({ promptIndex }, i) => (promptIndex < 2 ? 1 : i % 3))), 1);
  expect(half.metrics['frac_reward_zero_std']).toBe(0.5);
  const trained = steps[0]!.batches.flatMap(({ prompts }) => prompts.map((prompt) => Array.from(prompt).join()));
  expect(new Set(trained)).toEqual(new Set([PROMPTS[2]!.join(), PROMPTS[3]!.join()]));
});

test('the reference is asked only where the KL has a weight, and holds the policy near', async () => {
  const kl = async (beta: number) => {
    const policy = bigramPolicy();
    const { ppo } = await learnerOf(
      policy,
      { completionsPerPrompt: 4, learningRate: 0.05, missingStopPenalty: 0, beta },
      { algorithm: 'grpo' },
    );
    const { metrics } = await updates(ppo, 5, shareOf(2));
    return { metrics, asked: policy.calls.score.some(({ adapter }) => adapter === null) };
  };
  const [free, light, heavy] = [await kl(0), await kl(0.01), await kl(1)];
  expect(free.asked).toBe(false);
  expect(free.metrics).not.toHaveProperty('kl');
  expect(heavy.asked).toBe(true);
  expect(heavy.metrics['objective/kl']).toBeLessThan(0.5 * light.metrics['objective/kl']!);
  expect(heavy.metrics['kl']).toBeLessThan(0.5 * light.metrics['kl']!);
});

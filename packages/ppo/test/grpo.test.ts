import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { algorithms, resolveConfig, type Rollout, type StepInputs } from '../src/index.js';
import { bigramPolicy } from './bigram-policy.js';
import { column, learnerOf, shareOf, spied, updates } from './helpers.js';
import { expectClose, expectGradient, maskOf, padded, ragged, readFixture, type Rows } from './oracle.js';
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
  readonly cases: readonly {
    readonly name: string;
    readonly config: Partial<Config>;
    readonly scores: readonly number[];
    readonly inputs: Record<'oldLogProbs' | 'referenceLogProbs' | 'newLogProbs' | 'entropy', Rows>;
    readonly expected: {
      readonly loss: number;
      readonly gradientLogProbs: Rows;
      readonly metrics: Readonly<Record<string, number>>;
    };
  }[];
}
const fixture = readFixture<Fixture>('grpo.json');

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const rolloutsOf = (rows: readonly { readonly length: number }[], at: readonly number[]): Rollout[] =>
  rows.map(({ length }, i) => ({
    promptIndex: Math.floor(at[i]! / fixture.generations),
    prompt: [1],
    tokens: new Int32Array(length),
    samplerLogProbs: new Float32Array(length),
    finishReason: 'length',
  }));

function inputsOf(config: Config, scores: readonly (number | null)[], logProbs: Float32Array[], referenceLogProbs: Float32Array[] | null) {
  const at = scores.flatMap((score, row) => (score === null ? [] : [row]));
  const keep = <T>(rows: readonly T[]): T[] => at.map((row) => rows[row]!);
  return grpo.advantages(
    {
      rollouts: rolloutsOf(keep(logProbs), at),
      scores: keep(scores as number[]),
      logProbs: keep(logProbs),
      values: [],
      referenceLogProbs,
      state: {},
    },
    config,
  );
}

test.each(fixture.groups)(
  'advantages are those of trl: $name, scaled by $scaleRewards',
  ({ scaleRewards, scores, advantages, metrics }) => {
    const config = resolveConfig(grpo, { maxNewTokens: 9, stopTokenIds: [], scaleRewards });
    const rows = scores.map((_, row) => new Float32Array(1 + (row % 3)));
    const inputs = inputsOf(config, scores, rows, null);
    const expected = advantages.filter((_, row) => scores[row] !== null);
    inputs.columns['advantages']!.forEach((each, i) => expectClose(each, new Array<number>(each.length).fill(expected[i]!)));
    if (scores.includes(null)) return;
    expectClose([inputs.metrics!['reward_std']!], [metrics['reward_std']!]);
    if (scaleRewards !== 'batch') expectClose([inputs.metrics!['frac_reward_zero_std']!], [metrics['frac_reward_zero_std']!]);
  },
);

describe.each(fixture.cases)('loss, metrics and gradient are those of trl: $name', ({ config: given, scores, inputs, expected }) => {
  const width = fixture.padded;
  const config = resolveConfig(grpo, { maxNewTokens: width, stopTokenIds: [], ...given });

  test.each([0, NaN, 1e30])('whatever stands on padding (%s)', (garbage) => {
    const reference = config.beta > 0 ? ragged(inputs.referenceLogProbs) : null;
    const { columns }: StepInputs = inputsOf(config, scores, ragged(inputs.oldLogProbs), reference);
    const tensors = (rows: readonly ArrayLike<number>[]) => padded(rows, width, garbage);
    const batch = {
      mask: maskOf(inputs.oldLogProbs, width),
      columns: Object.fromEntries(Object.entries(columns).map(([name, rows]) => [name, tensors(rows)])),
      scalars: { tokens: tf.scalar(inputs.entropy.flat().length), sequences: tf.scalar(scores.length) },
    };
    const entropy = tensors(inputs.entropy);
    const hidden: tf.Tensor3D = tf.zeros([scores.length, width, 1]);
    const out = (logProbs: tf.Tensor) =>
      grpo.loss(config)({ logProbs: logProbs as tf.Tensor2D, entropy, hidden }, batch, {} as Parameters<ReturnType<typeof grpo.loss>>[2]);

    const { loss, metrics } = out(tensors(inputs.newLogProbs));
    expectClose(loss.dataSync(), [expected.loss]);
    for (const [name, value] of Object.entries(expected.metrics)) expectClose(metrics[name]!.dataSync(), [value], name);
    expectGradient(tf.grad((logProbs) => out(logProbs).loss)(tensors(inputs.newLogProbs)), expected.gradientLogProbs);
  });
});

test('every loss traces into an ONNX graph that gives what the cpu backend gives', async () => {
  for (const lossType of ['grpo', 'dr-grpo', 'cispo'] as const) {
    await expectTraced(grpo, { lossType, beta: 0.1, delta: 1.2, importanceSamplingLevel: lossType === 'grpo' ? 'sequence' : 'token' });
  }
});

test('a prompt whose completions have equal scores has no advantage, teaches nothing, and is counted', async () => {
  const policy = bigramPolicy();
  const { policy: watched, steps } = spied(policy);
  const { ppo } = await learnerOf(watched, { completionsPerPrompt: 3, missingStopPenalty: 0, epochs: 1 }, { algorithm: 'grpo' });
  const { metrics } = await updates(ppo, 1, (all) => Promise.resolve(all.map(({ promptIndex }) => 0.1 * (1 + promptIndex))));
  expect(metrics['frac_reward_zero_std']).toBe(1);
  expect(column(steps[0]!, 'advantages').every((row) => row.every((value) => value === 0))).toBe(true);
  expect(policy.adapters.get('default').every((value) => value === 0)).toBe(true);
  const half = await updates(ppo, 1, (all) => Promise.resolve(all.map(({ promptIndex }, i) => (promptIndex < 2 ? 1 : i % 3))), 1);
  expect(half.metrics['frac_reward_zero_std']).toBe(0.5);
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

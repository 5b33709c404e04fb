import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  algorithms,
  generalisedAdvantage,
  klEstimators,
  nextKlCoefficient,
  resolveConfig,
  shapedRewards,
  whiten,
  type AlgorithmConfig,
} from '../src/index.js';

type Rows = number[][];
interface Case {
  readonly name: string;
  readonly config: Omit<AlgorithmConfig<typeof algorithms.ppo.options>, 'maxNewTokens' | 'stopTokenIds'>;
  readonly inputs: Record<'oldLogProbs' | 'referenceLogProbs' | 'newLogProbs' | 'oldValues' | 'newValues' | 'entropy', Rows> & {
    readonly scores: number[];
  };
  readonly expected: Record<'kl' | 'rewards' | 'rawAdvantages' | 'advantages' | 'returns' | 'gradientLogProbs' | 'gradientValues', Rows> &
    Record<
      | 'loss'
      | 'policyLoss'
      | 'valueLoss'
      | 'entropy'
      | 'approximateKl'
      | 'ratio'
      | 'policyClipped'
      | 'valueClipped'
      | 'largestLogRatio'
      | 'objectiveKl'
      | 'nextKlCoefficient',
      number
    >;
}
/** The loss's metrics by their names in the fixture. */
const METRICS = {
  'loss/policy_avg': 'policyLoss',
  'loss/value_avg': 'valueLoss',
  'policy/entropy_avg': 'entropy',
  'policy/approxkl_avg': 'approximateKl',
  'val/ratio': 'ratio',
  'policy/clipfrac_avg': 'policyClipped',
  'val/clipfrac_avg': 'valueClipped',
} as const;
const fixture = JSON.parse(readFileSync(new URL('./fixtures/ppo-update.json', import.meta.url), 'utf8')) as {
  padded: number;
  cases: Case[];
};

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const float = (rows: Rows): Float32Array[] => rows.map((row) => Float32Array.from(row));
/** [rows, R] with `garbage` on padding. */
function pad(rows: Rows, garbage: number): tf.Tensor2D {
  return tf.tensor2d(rows.map((row) => [...row, ...new Array<number>(fixture.padded - row.length).fill(garbage)]));
}

/** Equal within 1e-5 of the larger of 1 and the expected value. */
function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i += 1) {
    expect(Math.abs(actual[i]! - expected[i]!)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(expected[i]!)));
  }
}
function expectRows(actual: readonly ArrayLike<number>[], expected: Rows): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((row, i) => expectClose(actual[i]!, row));
}

describe.each(fixture.cases)('one update against torch: $name', ({ config: given, inputs, expected }) => {
  const config = resolveConfig(algorithms.ppo, { ...given, maxNewTokens: 9, stopTokenIds: [] });
  const lengths = inputs.scores.map((_, row) => inputs.oldLogProbs[row]!.length);
  const tokens = lengths.reduce((a, b) => a + b);

  test('KL, rewards, advantages, returns and the next KL coefficient', () => {
    const [old, reference, values] = [float(inputs.oldLogProbs), float(inputs.referenceLogProbs), float(inputs.oldValues)];
    const kl = old.map((row, i) => row.map((logProb, t) => klEstimators[config.klEstimator](logProb - reference[i]![t]!)));
    expectRows(kl, expected.kl);
    const shaped = shapedRewards({ kl, klCoefficient: config.klCoefficient, scores: inputs.scores });
    expectRows(shaped, expected.rewards);
    const rewards = config.whitenRewards ? whiten(shaped, { keepMean: true }) : shaped;
    const estimates = rewards.map((row, i) => generalisedAdvantage(row, values[i]!, config));
    const raw = estimates.map(({ advantages }) => advantages);
    expectRows(raw, expected.rawAdvantages);
    expectRows(
      estimates.map(({ returns }) => returns),
      expected.returns,
    );
    expectRows(config.whitenAdvantages ? whiten(raw, { keepMean: false }) : raw, expected.advantages);
    const next = nextKlCoefficient(config.klCoefficient, expected.objectiveKl, lengths.length, config);
    expect(next).toBeCloseTo(expected.nextKlCoefficient, 12);
  });

  test.each([0, NaN, 1e30])('loss, metrics and gradients, whatever stands on padding (%s)', (garbage) => {
    const mask = pad(
      lengths.map((length) => new Array<number>(length).fill(1)),
      0,
    );
    const columns = Object.fromEntries(
      Object.entries({ ...inputs, advantages: expected.advantages, returns: expected.returns })
        .filter(([name]) => name !== 'scores')
        .map(([name, rows]) => [name, pad(rows as Rows, garbage)]),
    );
    const batch = { mask, columns, scalars: { tokens: tf.scalar(tokens) } };
    const head = { weight: tf.tensor2d([[1]]), bias: tf.tensor1d([0]) }; // the one hidden number is the value
    const out = (logProbs: tf.Tensor, values: tf.Tensor) =>
      algorithms.ppo.loss(config)(
        { logProbs: logProbs as tf.Tensor2D, entropy: columns['entropy']!, hidden: tf.expandDims(values, 2) },
        batch,
        head,
      );
    const { loss, metrics, maxima } = out(columns['newLogProbs']!, columns['newValues']!);
    expectClose(loss.dataSync(), [expected.loss]);
    for (const [name, value] of Object.entries(METRICS)) expectClose(metrics[name]!.dataSync(), [expected[value]]);
    expectClose(maxima!['val/log_ratio_max']!.dataSync(), [expected.largestLogRatio]);

    const gradients = tf.grads((logProbs, values) => out(logProbs, values).loss)([columns['newLogProbs']!, columns['newValues']!]);
    const [ofLogProbs, ofValues] = gradients.map((gradient) => gradient.arraySync() as Rows);
    const cut = (rows: Rows): Rows => rows.map((row, i) => row.slice(0, lengths[i]));
    expectRows(cut(ofLogProbs!), expected.gradientLogProbs);
    expectRows(cut(ofValues!), expected.gradientValues);
    const onPadding = [ofLogProbs!, ofValues!].flatMap((rows) => rows.flatMap((row, i) => row.slice(lengths[i])));
    expect(onPadding.every((value) => value === 0)).toBe(true);
  });
});

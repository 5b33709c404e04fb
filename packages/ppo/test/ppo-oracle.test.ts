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
import { expectClose, expectGradient, expectRows, maskOf, padded, ragged, readFixture, type Rows } from './oracle.js';

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
const fixture = readFixture<{ padded: number; cases: Case[] }>('ppo-update.json');

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe.each(fixture.cases)('one update against torch: $name', ({ config: given, inputs, expected }) => {
  const config = resolveConfig(algorithms.ppo, { ...given, maxNewTokens: 9, stopTokenIds: [] });
  const lengths = inputs.scores.map((_, row) => inputs.oldLogProbs[row]!.length);
  const tokens = lengths.reduce((a, b) => a + b);

  test('KL, rewards, advantages, returns and the next KL coefficient', () => {
    const [old, reference, values] = [ragged(inputs.oldLogProbs), ragged(inputs.referenceLogProbs), ragged(inputs.oldValues)];
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
    const mask = maskOf(inputs.oldLogProbs, fixture.padded);
    const columns = Object.fromEntries(
      Object.entries({ ...inputs, advantages: expected.advantages, returns: expected.returns })
        .filter(([name]) => name !== 'scores')
        .map(([name, rows]) => [name, padded(rows as Rows, fixture.padded, garbage)]),
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
    expectGradient(gradients[0]!, expected.gradientLogProbs);
    expectGradient(gradients[1]!, expected.gradientValues);
  });
});

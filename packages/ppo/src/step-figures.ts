import type { StepLoss } from '@expctr/language-model/training';
import * as tf from '@tensorflow/tfjs';
import { onTokens, total } from './masked.js';
import { countTokens, mapRagged, rowSum, type Ragged } from './ragged.js';
import type { Rollout } from './rollout.js';
import { saidBySampler, SAMPLER, samplerLogProbs } from './sampler-columns.js';
import type { ValueHead } from './value-head.js';

/** Names that no column of an algorithm has by accident. */
const KNOWN = 'loop: weights of the tokens whose log-probability the sampler said';
const REFERENCE = 'loop: log-probabilities of the reference';

/** What {@link withStepFigures} needs beside an algorithm's own columns. */
export function figureColumns(rollouts: readonly Rollout[], referenceLogProbs: Ragged | null): Readonly<Record<string, Ragged>> {
  // a server may leave some out: the others count for them, so that their sum over all tokens is the mean of those that are known
  const known = saidBySampler(rollouts);
  const share =
    countTokens(known) /
    Math.max(
      1,
      known.reduce((sum, row) => sum + rowSum(row), 0),
    );
  return {
    [SAMPLER]: samplerLogProbs(rollouts),
    [KNOWN]: mapRagged(known, (one) => one * share),
    ...(referenceLogProbs === null ? {} : { [REFERENCE]: referenceLogProbs }),
  };
}

/**
 * A loss that also gives the figures of the policy before the update, from its own forward, where an update is one step and nobody
 * has asked for them before: those of `logProbMetrics`.
 */
export function withStepFigures(loss: StepLoss<ValueHead>): StepLoss<ValueHead> {
  return (out, batch, head) => {
    const given = loss(out, batch, head);
    const { mask, columns, scalars } = batch;
    const logProbs = onTokens(out.logProbs, mask); // [rows, R]
    const over = (sum: tf.Tensor, count: string): tf.Scalar => tf.div(total(sum), scalars[count]!);
    const reference = columns[REFERENCE];
    const mismatch = tf.abs(tf.sub(logProbs, onTokens(columns[SAMPLER]!, mask)));
    return {
      ...given,
      metrics: {
        ...given.metrics,
        'objective/entropy': over(tf.neg(logProbs), 'sequences'),
        'sampler/logprob_mismatch': over(tf.mul(mismatch, onTokens(columns[KNOWN]!, mask)), 'tokens'),
        ...(reference === undefined ? {} : { 'objective/kl': over(tf.sub(logProbs, onTokens(reference, mask)), 'sequences') }),
      },
    };
  };
}

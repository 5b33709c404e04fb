import type { StepLoss } from '@expctr/language-model/training';
import * as tf from '@tensorflow/tfjs';
import type { Conflict } from './algorithm.js';
import { PpoError } from './errors.js';
import { LOG_RATIO_LIMIT } from './kl.js';
import { k3Loss } from './kl-loss.js';
import type { ResolvedLoopConfig } from './loop-options.js';
import { onTokens, total } from './masked.js';
import { oldLogProbsOf } from './old-log-probs.js';
import type { Ragged } from './ragged.js';
import type { Rollout } from './rollout.js';
import { saidBySampler, SAMPLER, samplerLogProbs } from './sampler-columns.js';
import type { ValueHead } from './value-head.js';

type Correction = Pick<ResolvedLoopConfig, 'samplerCorrection' | 'samplerCorrectionCap'>;

/** A name that no column of an algorithm has by accident. */
const KNOWN = 'loop: 1 where the sampler said something';

/** The conflict of an algorithm that learns completions as they are, without advantages that could be weighted. */
export function noCorrection({ samplerCorrection }: Pick<Correction, 'samplerCorrection'>): Conflict | undefined {
  if (samplerCorrection === 'none') return undefined;
  return {
    where: 'samplerCorrection',
    value: samplerCorrection,
    expected: 'none, for the algorithm has no advantages that could be weighted',
    remedy: 'leave it out, or choose an algorithm with advantages',
  };
}

/** What {@link withSamplerCorrection} needs beside an algorithm's own columns. @throws PpoError PPO_CONFIG where those lack `advantages` */
export function correctionColumns(
  rollouts: readonly Rollout[],
  columns: Readonly<Record<string, Ragged>>,
  { samplerCorrection }: Correction,
): Readonly<Record<string, Ragged>> {
  if (columns['advantages'] === undefined) {
    throw new PpoError('PPO_CONFIG', `the value is ${samplerCorrection}`, noCorrection({ samplerCorrection }));
  }
  return { [SAMPLER]: samplerLogProbs(rollouts), [KNOWN]: saidBySampler(rollouts) };
}

/**
 * Truncated importance sampling: what the policy before the update says of a token over what the sampler said, at most
 * `samplerCorrectionCap`, weighs the advantage, so that completions of another precision or of an older adapter count by how likely the
 * policy was to write them (Espeholt et al. 2018, section 4; Yao et al. 2025, "Your efficient RL framework secretly brings you
 * off-policy RL training"). By token, or one weight for a completion, which is exact where its advantage is one number and varies more
 * the longer it is. A token that the sampler does not say (NaN) has the ratio 1. The loss that comes out also gives `sampler/kl`,
 * `sampler/ratio_max` and `sampler/clipped`.
 */
export function withSamplerCorrection(
  loss: StepLoss<ValueHead>,
  { samplerCorrection: level, samplerCorrectionCap: cap }: Correction,
): StepLoss<ValueHead> {
  return (out, batch, head) => {
    const { mask, columns, scalars } = batch;
    const old = onTokens(oldLogProbsOf(batch, out.logProbs), mask); // [rows, R]
    const known = onTokens(columns[KNOWN]!, mask); // [rows, R]
    const logRatio: tf.Tensor2D = tf.mul(tf.sub(old, onTokens(columns[SAMPLER]!, mask)), known); // [rows, R]
    const summed = level === 'token' ? logRatio : tf.mul(tf.sum(logRatio, 1, true), mask); // [rows, R]
    const ratio = tf.exp(tf.clipByValue(summed, -LOG_RATIO_LIMIT, LOG_RATIO_LIMIT)); // [rows, R]
    const weights: tf.Tensor2D = tf.minimum(ratio, cap);
    const given = loss(out, { ...batch, columns: { ...columns, advantages: tf.mul(columns['advantages']!, weights) } }, head);
    const clipped = tf.mul(tf.cast(tf.greater(ratio, cap), 'float32'), mask);
    // KL of the sampler, of which the tokens are, to the policy
    const kl = tf.mul(k3Loss(tf.neg(logRatio), tf.zerosLike(logRatio)), mask);
    return {
      ...given,
      metrics: {
        ...given.metrics,
        'sampler/kl': tf.div(total(kl), scalars['sequences']!),
        'sampler/clipped': tf.div(total(clipped), scalars['tokens']!),
      },
      maxima: { ...given.maxima, 'sampler/ratio_max': tf.max(tf.mul(ratio, mask)).asScalar() },
    };
  };
}

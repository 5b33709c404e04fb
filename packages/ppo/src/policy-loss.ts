import { atMost } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { LOG_RATIO_LIMIT } from './kl.js';
import { countWhere, onTokens, total } from './masked.js';

/** Tensors of {@link policyLoss}, each [rows, R] float32. */
export interface PolicyLossInputs {
  /** Log-probabilities under the policy being trained; the gradient flows through these. */
  readonly logProbs: tf.Tensor2D;
  /** Log-probabilities under the policy that sampled, from the scoring graph. */
  readonly oldLogProbs: tf.Tensor2D;
  /** Constants: no gradient is wanted of them. */
  readonly advantages: tf.Tensor2D;
  /** 1 on response tokens, 0 on padding. */
  readonly mask: tf.Tensor2D;
}

/** Bounds of {@link policyLoss}. */
export interface PolicyLossOptions {
  /** epsilon: the ratio's gradient stops outside [1 - epsilon, 1 + epsilon] where it would go further. */
  readonly clipRange: number;
  /** c > 1: for a negative advantage the loss is at most c * |advantage|. */
  readonly dualClip: number;
}

/** `clipRange` of {@link PolicyLossOptions} as an option of an algorithm. */
export const clipRangeOption = z
  .number()
  .positive()
  .lt(1)
  .default(0.2)
  .describe('epsilon of the clipped surrogate, the half width of the ratio clip');

/** `dualClip` of {@link PolicyLossOptions} as an option of an algorithm. */
export const dualClipOption = z
  .number()
  .gt(1)
  .max(1e6, atMost(1e6, 'rewards are of the order of 1'))
  .default(3)
  .describe('bound of a loss in units of |advantage| where the advantage is negative');

/** Sums over the response tokens of a micro-batch, scalars, not divided by anything. */
export interface PolicyLossSums {
  /** Sum of the surrogate losses. */
  readonly loss: tf.Scalar;
  /** Sum of the ratios. */
  readonly ratio: tf.Scalar;
  /** Tokens where the clipped term is the larger loss. */
  readonly clipped: tf.Scalar;
  /** Sum of (log ratio)^2 / 2, Schulman's k2. */
  readonly approximateKl: tf.Scalar;
  /** The largest |log ratio|, before the clamp. */
  readonly largestLogRatio: tf.Scalar;
}

/**
 * The clipped surrogate of PPO (Schulman et al. 2017, equation 7) as a loss, per token
 * `max(-A * ratio, -A * clip(ratio, 1 - epsilon, 1 + epsilon))`, with dual clip (Ye et al. 2020, equation 5): where
 * A < 0 the loss is at most `c * |A|`, for there the first form has no upper bound. The log-ratio is clamped to
 * +-{@link LOG_RATIO_LIMIT} before `exp`.
 */
export function policyLoss(inputs: PolicyLossInputs, { clipRange, dualClip }: PolicyLossOptions): PolicyLossSums {
  const { mask } = inputs;
  const advantages = onTokens(inputs.advantages, mask); // [rows, R]
  const logRatio = tf.sub(onTokens(inputs.logProbs, mask), onTokens(inputs.oldLogProbs, mask)); // [rows, R]
  const ratio = tf.exp(tf.clipByValue(logRatio, -LOG_RATIO_LIMIT, LOG_RATIO_LIMIT)); // [rows, R]

  const unclipped = tf.neg(tf.mul(advantages, ratio)); // [rows, R]
  const clipped = tf.neg(tf.mul(advantages, tf.clipByValue(ratio, 1 - clipRange, 1 + clipRange))); // [rows, R]
  const pessimistic = tf.maximum(unclipped, clipped); // [rows, R]
  const bounded = tf.minimum(pessimistic, tf.mul(tf.neg(advantages), dualClip)); // [rows, R]
  const loss = tf.where(tf.less(advantages, 0), bounded, pessimistic); // [rows, R]

  return {
    loss: total(loss),
    ratio: total(tf.mul(ratio, mask)),
    clipped: countWhere(tf.greater(clipped, unclipped), mask),
    approximateKl: tf.mul(0.5, total(tf.square(logRatio))),
    largestLogRatio: tf.max(tf.abs(logRatio)),
  };
}

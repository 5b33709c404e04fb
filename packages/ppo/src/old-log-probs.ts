import type { TracedBatch } from '@expctr/language-model/training';
import { stopGradient } from '@expctr/tfjs-backend-onnx';
import type * as tf from '@tensorflow/tfjs';
import type { Conflict } from './algorithm.js';
import { PpoError } from './errors.js';
import type { ResolvedLoopConfig } from './loop-options.js';
import type { Ragged } from './ragged.js';
import type { Rollout } from './rollout.js';

/**
 * Is an update one step? Then the step's own forward is that of the policy before the update, every ratio is 1, and nobody has to
 * ask for old log-probabilities.
 */
export function isOneStep({ epochs, minibatches }: Pick<ResolvedLoopConfig, 'epochs' | 'minibatches'>): boolean {
  return epochs === 1 && minibatches === 1;
}

/**
 * What the sampler said of its tokens, to stand for what the policy says of them.
 * @throws PpoError PPO_SAMPLER_LOG_PROBS where it left one out
 */
export function logProbsOfSampler(rollouts: readonly Rollout[]): Ragged {
  return rollouts.map(({ samplerLogProbs }, row) => {
    const missing = samplerLogProbs.findIndex((logProb) => !Number.isFinite(logProb));
    if (missing < 0) return samplerLogProbs;
    throw new PpoError('PPO_SAMPLER_LOG_PROBS', `token ${missing} has the log-probability ${samplerLogProbs[missing]}`, {
      where: `completion ${row} of the sampler`,
      expected: "a finite number for every token, for by oldLogProbs 'sampler' nobody else is asked",
      remedy: "set oldLogProbs to 'policy'",
    });
  });
}

/** What speaks against taking the sampler's word for the policy's: a correction that compares both. */
export function oldLogProbsConflict({ oldLogProbs, samplerCorrection }: ResolvedLoopConfig): Conflict | undefined {
  if (oldLogProbs === 'policy' || samplerCorrection === 'none') return undefined;
  const expected = 'policy, for samplerCorrection compares its log-probabilities with those of the sampler';
  return { where: 'oldLogProbs', value: oldLogProbs, expected, remedy: 'leave one of the two out' };
}

/** The column of old log-probabilities, where they were asked for. */
export function oldColumn(logProbs: Ragged): { readonly oldLogProbs?: Ragged } {
  return logProbs.length === 0 ? {} : { oldLogProbs: logProbs };
}

/**
 * What the ratio of a token is taken against, [rows, R]: the column `oldLogProbs`, or else the new log-probabilities as constants,
 * so that the ratio is 1 and its gradient that of the log-probability.
 */
export function oldLogProbsOf({ columns }: TracedBatch, logProbs: tf.Tensor2D): tf.Tensor2D {
  return columns['oldLogProbs'] ?? stopGradient(logProbs);
}

/** What a loss says of its largest |log ratio|, unless the ratio is 1 by construction. */
export function logRatioMaxima({ columns }: TracedBatch, largest: tf.Scalar): Readonly<Record<string, tf.Scalar>> {
  return 'oldLogProbs' in columns ? { 'val/log_ratio_max': largest } : {};
}

import type { TracedBatch } from '@expctr/language-model/training';
import { stopGradient } from '@expctr/tfjs-backend-onnx';
import type * as tf from '@tensorflow/tfjs';
import type { ResolvedLoopConfig } from './loop-options.js';
import type { Ragged } from './ragged.js';

/**
 * Is an update one step? Then the step's own forward is that of the policy before the update, every ratio is 1, and nobody has to
 * ask for old log-probabilities.
 */
export function isOneStep({ epochs, minibatches }: Pick<ResolvedLoopConfig, 'epochs' | 'minibatches'>): boolean {
  return epochs === 1 && minibatches === 1;
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

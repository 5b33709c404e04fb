import type { StepLoss } from '@expctr/language-model/training';
import * as tf from '@tensorflow/tfjs';

/**
 * Cross entropy of the learned tokens in nats: their sum over the column `weights`, divided by the number `tokens` of the whole update.
 * However an update is cut into parts, it is the mean over its tokens (and not the mean of the parts' means, which gives tokens of
 * short parts more weight).
 */
export const tokenCrossEntropy: StepLoss<object> = ({ logProbs }, { columns, scalars }) => ({
  loss: tf.neg(tf.div(tf.sum(tf.mul(logProbs, columns['weights']!)), scalars['tokens']!)),
  metrics: {},
});

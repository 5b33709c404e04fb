import * as tf from '@tensorflow/tfjs';
import { LOG_RATIO_LIMIT } from './kl.js';

/**
 * The estimator k3 of KL(policy || reference) of each token (Schulman 2020), through which the gradient flows: for a KL that stands
 * in a loss. @param logProbs [rows, R] @param referenceLogProbs [rows, R]
 */
export function k3Loss(logProbs: tf.Tensor2D, referenceLogProbs: tf.Tensor2D): tf.Tensor2D {
  const away = tf.sub(referenceLogProbs, logProbs); // [rows, R]
  return tf.sub(tf.sub(tf.exp(tf.clipByValue(away, -LOG_RATIO_LIMIT, LOG_RATIO_LIMIT)), away), 1);
}

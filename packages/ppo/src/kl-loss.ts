import { atMost } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { LOG_RATIO_LIMIT } from './kl.js';

/** The weight of {@link k3Loss} in a loss, as an option of an algorithm. */
export const k3WeightOption = z
  .number()
  .min(0)
  .max(1e6, atMost(1e6, 'rewards are of the order of 1'))
  .default(0)
  .describe('weight in the loss of the KL to the reference (k3, by token); 0 = no reference');

/**
 * The estimator k3 of KL(policy || reference) of each token (Schulman 2020), through which the gradient flows: for a KL that stands
 * in a loss. @param logProbs [rows, R] @param referenceLogProbs [rows, R]
 */
export function k3Loss(logProbs: tf.Tensor2D, referenceLogProbs: tf.Tensor2D): tf.Tensor2D {
  const away = tf.sub(referenceLogProbs, logProbs); // [rows, R]
  return tf.sub(tf.sub(tf.exp(tf.clipByValue(away, -LOG_RATIO_LIMIT, LOG_RATIO_LIMIT)), away), 1);
}

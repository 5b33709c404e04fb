import * as tf from '@tensorflow/tfjs';

/**
 * x / sqrt(mean(x^2) + epsilon) * weight over the last axis (Zhang and Sennrich 2019).
 * @param x [rows, hidden] @param weight [hidden]
 */
export function rmsNorm(x: tf.Tensor2D, weight: tf.Tensor, epsilon: number): tf.Tensor2D {
  const meanSquare = tf.mean(tf.square(x), -1, true); // [rows, 1]
  return tf.mul(tf.mul(x, tf.rsqrt(tf.add(meanSquare, epsilon))), weight);
}

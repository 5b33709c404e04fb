import * as tf from '@tensorflow/tfjs';

/**
 * (x - mean) / sqrt(variance + epsilon) * weight + bias over the last axis (Ba et al. 2016).
 * @param x [rows, hidden] @param weight [hidden] @param bias [hidden]
 */
export function layerNorm(x: tf.Tensor2D, weight: tf.Tensor, bias: tf.Tensor, epsilon: number): tf.Tensor2D {
  const centered = tf.sub(x, tf.mean(x, -1, true)); // [rows, hidden]
  const variance = tf.mean(tf.square(centered), -1, true); // [rows, 1]
  return tf.add(tf.mul(tf.mul(centered, tf.rsqrt(tf.add(variance, epsilon))), weight), bias);
}

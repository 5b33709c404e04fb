import * as tf from '@tensorflow/tfjs';

/**
 * Values on response tokens, 0 on padding. It selects instead of multiplying: whatever stands on padding, NaN included,
 * reaches neither the sum nor a gradient.
 * @param values [rows, R]
 * @param mask [rows, R] 1 or 0
 */
export function onTokens(values: tf.Tensor2D, mask: tf.Tensor2D): tf.Tensor2D {
  return tf.where(tf.greater(mask, 0), values, tf.zerosLike(values));
}

/** The sum over all rows and tokens, a scalar. @param values [rows, R] */
export function total(values: tf.Tensor): tf.Scalar {
  return tf.sum(values).asScalar();
}

/** How many tokens of [rows, R] satisfy a condition (bool [rows, R]), padding aside. */
export function countWhere(condition: tf.Tensor2D, mask: tf.Tensor2D): tf.Scalar {
  return total(tf.mul(tf.cast(condition, 'float32'), mask));
}

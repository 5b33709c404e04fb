import * as tf from '@tensorflow/tfjs';

/**
 * The same values, through which no gradient flows. tfjs has no such operation, and no gradient for `greater`, `less` or `equal`:
 * wrap what such a condition compares, as in `tf.where(tf.greater(stopGradient(x), 0), ...)`.
 */
export function stopGradient<T extends tf.Tensor>(x: T): T {
  // within a kernel tfjs does not record on its tape: the copy is cut off, so not even zeros are propagated
  const { state } = tf.engine();
  state.kernelDepth += 1;
  try {
    return tf.clone(x);
  } finally {
    state.kernelDepth -= 1;
  }
}

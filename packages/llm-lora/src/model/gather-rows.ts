import * as tf from '@tensorflow/tfjs';

/**
 * Rows of `x`, along its first axis, by index, each row taken at most once, so that the gradient is a gather too (a scatter would be slower).
 *
 * @param x [from, ...]
 * @param index [to] int32, rows of `x`
 * @param inverse [from] int32, for each row of `x` its place in the result, or `to` where it is not taken. A row of the
 *   result that `inverse` does not name is padding: no gradient flows back from it.
 * @returns [to, ...]
 */
export function gatherRows<T extends tf.Tensor>(x: T, index: tf.Tensor1D, inverse: tf.Tensor1D): T {
  const gather = tf.customGrad((input) => {
    const rows = input as T;
    const gradFunc = (dy: tf.Tensor): tf.Tensor => tf.gather(tf.concat([dy, tf.zeros([1, ...rows.shape.slice(1)])]), inverse);
    return { value: tf.gather(rows, index), gradFunc };
  });
  return gather(x);
}

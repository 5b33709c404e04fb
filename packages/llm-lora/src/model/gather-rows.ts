import * as tf from '@tensorflow/tfjs';

/**
 * Rows of `x` by index, each row taken at most once, so that the gradient is a gather too (a scatter would be slower).
 *
 * @param x [from, width]
 * @param index [to] int32, rows of `x`
 * @param inverse [from] int32, for each row of `x` its place in the result, or `to` where it is not taken. A row of the
 *   result that `inverse` does not name is padding: no gradient flows back from it.
 * @returns [to, width]
 */
export function gatherRows(x: tf.Tensor2D, index: tf.Tensor1D, inverse: tf.Tensor1D): tf.Tensor2D {
  const gather = tf.customGrad((input) => {
    const rows = input as tf.Tensor2D;
    const gradFunc = (dy: tf.Tensor): tf.Tensor => tf.gather(tf.concat2d([dy as tf.Tensor2D, tf.zeros([1, rows.shape[1]])], 0), inverse);
    return { value: tf.gather(rows, index), gradFunc };
  });
  return gather(x);
}

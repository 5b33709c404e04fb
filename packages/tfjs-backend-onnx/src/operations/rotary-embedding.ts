import * as tf from '@tensorflow/tfjs';
import { constantValue } from '../constants.js';
import { int, MICROSOFT } from '../graph.js';
import { isRecording, record } from '../programs/record.js';

/**
 * Rotates each pair (x[i], x[i + width / 2]) by the angle of its place (Su et al. 2021, in rotate-half form), in one pass over x. The
 * gradient is the rotation back; there is none to the tables, whose numbers need not lie on a circle.
 *
 * @param x [batch, heads, time, width] @param cos [batch or 1, 1, time, width / 2] @param sin as `cos`
 */
export function rotaryEmbedding(x: tf.Tensor4D, cos: tf.Tensor, sin: tf.Tensor): tf.Tensor4D {
  const rotate = tf.customGrad((...args) => {
    const [input, save] = args as unknown as [tf.Tensor4D, tf.GradSaveFunc];
    save([cos, sin]);
    const gradFunc = (dy: tf.Tensor, [c, s]: tf.Tensor[]): tf.Tensor => rotated(dy as tf.Tensor4D, c!, tf.neg(s!));
    return { value: rotated(input, cos, sin), gradFunc };
  });
  return rotate(x);
}

function rotated(x: tf.Tensor4D, cos: tf.Tensor, sin: tf.Tensor): tf.Tensor4D {
  const [batch, , time, width] = x.shape;
  if (!isRecording()) {
    const [first, second] = tf.split(x, 2, 3) as [tf.Tensor4D, tf.Tensor4D];
    return tf.concat([tf.sub(tf.mul(first, cos), tf.mul(second, sin)), tf.add(tf.mul(second, cos), tf.mul(first, sin))], 3);
  }
  const [result] = record('rotaryEmbedding', [x, cos, sin], ([value, c, s], g) => {
    const rows = c!.shape[0]! * time; // of the tables: of one sequence or of each
    const places = constantValue(
      BigInt64Array.from({ length: batch * time }, (_, at) => BigInt(at % rows)),
      [batch, time],
      'int64',
    );
    const tables = [c!, s!].map((table) => g.reshape(table, [rows, width / 2]));
    return [g.op('RotaryEmbedding', [value!, places, ...tables], value!, { interleaved: int(0) }, MICROSOFT)];
  });
  return result as tf.Tensor4D;
}

import * as tf from '@tensorflow/tfjs';

/** SwiGLU (Shazeer 2020): silu(gate) * up. @param gate [rows, intermediate] @param up as `gate` */
export function swiGlu(gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(tf.mul(gate, tf.sigmoid(gate)), up);
}

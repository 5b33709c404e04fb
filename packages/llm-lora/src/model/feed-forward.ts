import * as tf from '@tensorflow/tfjs';

/** SwiGLU (Shazeer 2020): silu(gate) * up. @param gate [rows, intermediate] @param up as `gate` */
export function swiGlu(gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(tf.mul(gate, tf.sigmoid(gate)), up);
}

/** GeGLU (Shazeer 2020): gelu(gate) * up. @param gate [rows, intermediate] @param up as `gate` */
export function geGlu(gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(geluTanh(gate), up);
}

/** GELU by tanh (Hendrycks and Gimpel 2016), which transformers calls `gelu_new` and `gelu_pytorch_tanh`. */
export function geluTanh(x: tf.Tensor2D): tf.Tensor2D {
  const inner = tf.mul(tf.mul(x, tf.add(tf.mul(tf.square(x), 0.044715), 1)), Math.sqrt(2 / Math.PI));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
}

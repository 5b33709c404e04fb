import { geluTanh } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';

export { swiGlu } from '@expctr/tfjs-backend-onnx';

/** GeGLU (Shazeer 2020): gelu(gate) * up. @param gate [rows, intermediate] @param up as `gate` */
export function geGlu(gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(geluTanh(gate), up);
}

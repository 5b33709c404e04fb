import * as tf from '@tensorflow/tfjs';
import { BACKEND, onnxBackend } from './backend.js';

/**
 * Makes ONNX Runtime the machine: registers the `onnx` backend with tfjs and makes it the active one, so that `compile` traces.
 * Importing this package alone changes nothing; with any other backend active, `compile` runs eagerly on that one.
 */
export async function useOnnx(): Promise<void> {
  onnxBackend();
  await tf.setBackend(BACKEND);
}

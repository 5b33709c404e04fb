import * as tf from '@tensorflow/tfjs';
import { BACKEND, onnxBackend } from './backend.js';
import { setDevice, type OnnxOptions } from './device.js';
import { disposeSessions } from './lazy.js';

/**
 * Makes ONNX Runtime the machine: registers the `onnx` backend with tfjs and makes it the active one, so that `compile` traces.
 * Importing this package alone changes nothing; with any other backend active, `compile` runs eagerly on that one.
 *
 * @throws {@link CompiledFunctionError} `COMPILED_PROVIDER` for a device that does not exist on this platform; one that is there, but does
 * not start, is named by the first function that is compiled for it
 */
export async function useOnnx(options: OnnxOptions = {}): Promise<void> {
  setDevice(options);
  if (options.device !== undefined || options.lazy !== undefined) disposeSessions(); // they are on the device before
  onnxBackend();
  await tf.setBackend(BACKEND);
}

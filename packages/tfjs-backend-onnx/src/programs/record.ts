import * as tf from '@tensorflow/tfjs';
import { BACKEND, onnxBackend } from '../backend.js';
import type { GraphBuilder } from '../builder.js';
import type { Value } from '../graph.js';

/** Whether operations are recorded as graph nodes now. */
export function isRecording(): boolean {
  return (tf.getBackend() as string | undefined) === BACKEND;
}

/** Writes nodes that no tfjs kernel stands for. tfjs's tape does not see them: a gradient is up to the caller. */
export function record(
  name: string,
  tensors: readonly tf.Tensor[],
  write: (values: readonly Value[], graph: GraphBuilder) => readonly Value[],
): tf.Tensor[] {
  const backend = onnxBackend();
  const lowering = {
    kind: 'lowering' as const,
    lower: (inputs: Readonly<Record<string, Value>>, _: unknown, graph: GraphBuilder) => write(Object.values(inputs), graph),
  };
  const inputs = Object.fromEntries(tensors.map((tensor, i) => [`x${i}`, tensor]));
  const results = backend.record(name, lowering, inputs, {}) as tf.TensorInfo[];
  return results.map((info) => tf.engine().makeTensorFromTensorInfo(info, backend));
}

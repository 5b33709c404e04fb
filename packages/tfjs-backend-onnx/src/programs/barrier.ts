import type * as tf from '@tensorflow/tfjs';
import type { GraphBuilder } from '../builder.js';
import { int64s } from '../constants.js';
import { producerOf, type Value } from '../graph.js';
import { sizeOf } from '../tensors.js';
import { isRecording, record } from './record.js';

/**
 * The same tensors, which in a graph are there only once `earlier` has been computed. Nothing is copied and no bit changes: each is
 * a reshape to its own shape, in whose sizes a zero that depends on `earlier` is added. So equal computations before and behind it
 * are not merged, by this package or by ONNX Runtime. On other backends, where order is the order of the calls, these are clones.
 */
export function barrier(tensors: readonly tf.Tensor[], earlier: readonly tf.Tensor[]): tf.Tensor[] {
  if (!isRecording()) return tensors.map((tensor) => tensor.clone());
  return record('barrier', [...tensors, ...earlier], (values, g) => {
    const zero = values
      .slice(tensors.length)
      .flatMap((value) => zeroAfter(value, g))
      .reduce<Value | undefined>((sum, each) => (sum === undefined ? each : g.binary('Add', sum, each)), undefined);
    const behind = (x: Value): Value => (zero === undefined ? x : g.op('Reshape', [x, g.binary('Add', int64s(x.shape), zero)], x));
    return values.slice(0, tensors.length).map(behind);
  });
}

/** [1] int64: 0, whatever the value is (NaN included), but not before it is there. Nothing for what is no result. */
function zeroAfter(value: Value, g: GraphBuilder): Value[] {
  if (producerOf(value) === undefined || sizeOf(value.shape) === 0) return [];
  const first = g.slice(g.reshape(value, [sizeOf(value.shape)]), [0], [1], [0], [1]);
  return [g.binary('Mul', g.cast(first, 'int64'), int64s([0]))];
}

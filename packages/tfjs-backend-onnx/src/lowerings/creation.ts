import * as tf from '@tensorflow/tfjs';
import { constantValue } from '../constants.js';
import type { ElementType } from '../graph.js';
import { lower } from './lowering.js';

/** Kernels that make tensors from numbers known at trace time. */
export const creation = {
  Fill: lower<object, tf.FillAttrs>((_, { shape, value, dtype }, g) =>
    g.expand(g.scalar(value as number, (dtype ?? 'float32') as ElementType), shape),
  ),
  ZerosLike: lower<tf.ZerosLikeInputs>(({ x }, _, g) => g.expand(g.scalarLike(0, x), x.shape)),
  OnesLike: lower<tf.OnesLikeInputs>(({ x }, _, g) => g.expand(g.scalarLike(1, x), x.shape)),
  Range: lower<object, tf.RangeAttrs>((_, { start, stop, step, dtype }) => {
    // a step of 1, which is the default, also counts down
    const by = stop < start && step === 1 ? -1 : step;
    const count = by === 0 || (stop - start) * by <= 0 ? 0 : Math.ceil(Math.abs((stop - start) / by));
    const values = tf.util.makeZerosTypedArray(count, dtype);
    for (let i = 0; i < count; i += 1) values[i] = i === 0 ? start : values[i - 1]! + by;
    return constantValue(values, [count], dtype);
  }),
  LinSpace: lower<object, tf.LinSpaceAttrs>((_, { start, stop, num }) => {
    const step = num > 1 ? (stop - start) / (num - 1) : 0;
    return constantValue(
      Float32Array.from({ length: num }, (_unused, i) => start + i * step),
      [num],
      'float32',
    );
  }),
};

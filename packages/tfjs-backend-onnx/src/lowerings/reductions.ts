import type * as tf from '@tensorflow/tfjs';
import type { GraphBuilder } from '../builder.js';
import { int, type Value } from '../graph.js';
import { axesOf, lower, type Lowering } from './lowering.js';

/** tfjs calls the axes of Max `reductionIndices`, and those of its other reductions `axis`. */
type ReductionAttrs = {
  readonly axis?: number | number[] | null;
  readonly reductionIndices?: number | number[] | null;
  readonly keepDims?: boolean;
};

/** A reduction of numbers; bools are counted as 0 and 1. @param asFloat whether integers become float32 first */
function reduction(op: string, asFloat = false): Lowering {
  return lower<tf.SumInputs, ReductionAttrs>(({ x }, { axis, reductionIndices, keepDims = false }, g) => {
    const input = asFloat ? g.cast(x, 'float32') : x.dtype === 'bool' ? g.cast(x, 'int32') : x;
    return g.reduce(op, input, axesOf(axis ?? reductionIndices, x.shape.length), keepDims);
  });
}

function logicalReduction(op: string): Lowering {
  return lower<tf.AllInputs, ReductionAttrs>(({ x }, { axis, keepDims = false }, g) =>
    g.cast(g.reduce(op, g.cast(x, 'int32'), axesOf(axis, x.shape.length), keepDims), 'bool'),
  );
}

/** The largest or smallest element; NaN where there is one among them, which ONNX passes over. */
function extreme(op: string): Lowering {
  return lower<tf.MaxInputs, ReductionAttrs>(({ x }, { axis, reductionIndices, keepDims = false }, g) => {
    const axes = axesOf(axis ?? reductionIndices, x.shape.length);
    if (x.dtype !== 'float32') return g.reduce(op, x.dtype === 'bool' ? g.cast(x, 'int32') : x, axes, keepDims);
    const result = g.reduce(op, x, axes, keepDims);
    if (axes.length === 0) return result;
    // a sum of magnitudes is NaN only if an element is
    const magnitudes = g.reduce('ReduceL1', x, axes, keepDims);
    return g.where(g.op('IsNaN', [magnitudes], { shape: result.shape, dtype: 'bool' }), g.scalar(NaN), result);
  });
}

/** The index of the first extreme, as int32. NaNs are passed over. */
function argument(op: 'ArgMax' | 'ArgMin'): Lowering {
  return lower<tf.ArgMaxInputs, tf.ArgMaxAttrs>(({ x }, { axis }, g) => {
    const at = axesOf(axis, x.shape.length)[0]!;
    const shape = x.shape.filter((_, i) => i !== at);
    const worst = g.scalar(op === 'ArgMax' ? -Infinity : Infinity);
    const numbers = x.dtype === 'float32' ? g.where(g.op('IsNaN', [x], { shape: x.shape, dtype: 'bool' }), worst, x) : g.cast(x, 'int32');
    return g.cast(g.op(op, [numbers], { shape, dtype: 'int64' }, { axis: int(at), keepdims: int(0) }), 'int32');
  });
}

function cumulativeSum(x: Value, axis: number, exclusive: boolean, reverse: boolean, g: GraphBuilder): Value {
  return g.op('CumSum', [x, g.scalar(axis, 'int32')], x, { exclusive: int(Number(exclusive)), reverse: int(Number(reverse)) });
}

/** Running products in log2(n) shifted multiplications (Hillis and Steele 1986): ONNX has only the running sum. */
function cumulativeProduct(x: Value, axis: number, exclusive: boolean, reverse: boolean, g: GraphBuilder): Value {
  const length = x.shape[axis]!;
  const shifted = (values: Value, by: number): Value => {
    const kept = reverse ? g.slice(values, [by], [length], [axis], [1]) : g.slice(values, [0], [length - by], [axis], [1]);
    const ones = g.expand(
      g.scalarLike(1, x),
      x.shape.map((size, i) => (i === axis ? by : size)),
    );
    return g.op('Concat', reverse ? [kept, ones] : [ones, kept], x, { axis: int(axis) });
  };
  let product = exclusive ? shifted(x, Math.min(1, length)) : x;
  for (let by = 1; by < length; by *= 2) product = g.binary('Mul', product, shifted(product, by));
  return product;
}

/** tfjs wants the axis innermost and exchanges axes itself; ours may be anywhere. */
function cumulative(along: typeof cumulativeSum): Lowering {
  return lower<tf.CumsumInputs, tf.CumsumAttrs>(({ x }, { axis, exclusive, reverse }, g) => {
    const numbers = x.dtype === 'bool' ? g.cast(x, 'int32') : x;
    return along(numbers, axis < 0 ? axis + x.shape.length : axis, exclusive, reverse, g);
  });
}

/** Reductions and running reductions. */
export const reductions = {
  Sum: reduction('ReduceSum'),
  Mean: reduction('ReduceMean', true),
  Max: extreme('ReduceMax'),
  Min: extreme('ReduceMin'),
  Prod: reduction('ReduceProd'),
  All: logicalReduction('ReduceMin'),
  Any: logicalReduction('ReduceMax'),
  ArgMax: argument('ArgMax'),
  ArgMin: argument('ArgMin'),
  Cumsum: cumulative(cumulativeSum),
  Cumprod: cumulative(cumulativeProduct),
};

import * as tf from '@tensorflow/tfjs';
import type { GraphBuilder } from '../builder.js';
import { elementsOf, rangeValue } from '../constants.js';
import { int, string, type Value } from '../graph.js';
import { sizeOf } from '../tensors.js';
import { lower } from './lowering.js';

function gather(x: Value, indices: Value, axis: number, batchAxes: number, g: GraphBuilder): Value {
  if (batchAxes > 0) return gatherBatched(x, indices, axis, batchAxes, g);
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  return g.op('Gather', [x, indices], { shape, dtype: x.dtype }, { axis: int(axis) });
}

/** Gathers within each element of the leading batch axes: those and `axis` are merged, and the indices shifted to match. */
function gatherBatched(x: Value, indices: Value, axis: number, batchAxes: number, g: GraphBuilder): Value {
  const batch = x.shape.slice(0, batchAxes);
  const between = x.shape.slice(batchAxes, axis);
  const after = x.shape.slice(axis + 1);
  const picked = indices.shape.slice(batchAxes);
  const [batches, outer, length, inner, count] = [sizeOf(batch), sizeOf(between), x.shape[axis]!, sizeOf(after), sizeOf(picked)];
  const rows = g.reshape(x, [batches * outer * length, inner]);
  const starts = g.reshape(g.binary('Mul', rangeValue(batches * outer), g.scalar(length, 'int32')), [batches, outer, 1]);
  const shifted = g.binary('Add', g.reshape(indices, [batches, 1, count]), starts); // [batches, outer, count]
  const taken = g.op('Gather', [rows, shifted], { shape: [batches, outer, count, inner], dtype: x.dtype }, { axis: int(0) });
  return g.reshape(taken, [...batch, ...between, ...picked, ...after]);
}

/** `base` with `updates` added to (or put at) the places that `indices` name. Indices are int32 [..., depth]. */
function scatter(base: Value, indices: Value, updates: Value, add: boolean, g: GraphBuilder): Value {
  const attributes = add ? { reduction: string('add') } : {};
  return g.op('ScatterND', [base, g.cast(indices, 'int64'), updates], base, attributes);
}

function zeros(shape: readonly number[], like: Value, g: GraphBuilder): Value {
  return g.expand(g.scalarLike(0, like), shape);
}

function segmentSum(x: Value, ids: Value, segments: number, g: GraphBuilder): Value {
  const rest = x.shape.slice(ids.shape.length);
  const [count, width] = [sizeOf(ids.shape), sizeOf(rest)];
  const flat = g.reshape(ids, [count, 1]);
  const zero = g.scalar(0, 'int32');
  // tfjs drops rows whose segment is negative
  const rows = g.where(g.binary('Less', flat, zero, 'bool'), g.scalarLike(0, x), g.reshape(x, [count, width]));
  const sum = scatter(zeros([segments, width], x, g), g.binary('Max', flat, zero), rows, true, g);
  return g.reshape(sum, [segments, ...rest]);
}

function oneHot(indices: Value, depth: number, on: Value, off: Value, g: GraphBuilder): Value {
  const matches = g.binary('Equal', g.reshape(indices, [...indices.shape, 1]), rangeValue(depth), 'bool');
  return g.where(matches, on, off);
}

/** How many of each value of `0 .. size - 1` each row of `x` holds, weighted; or whether it holds any. */
function count(x: Value, weights: Value, size: number, binary: boolean, g: GraphBuilder): Value {
  const unweighted = weights.shape.includes(0) || binary;
  const weight = unweighted ? g.scalarLike(1, weights) : g.reshape(weights, [...weights.shape, 1]);
  const hits = oneHot(x, size, weight, g.scalarLike(0, weights), g); // [..., n, size]
  return g.reduce(binary ? 'ReduceMax' : 'ReduceSum', hits, [x.shape.length - 1], false);
}

/** For each value, how many elements of its sorted row are smaller (or not greater). */
function rank(sorted: Value, values: Value, op: 'Less' | 'LessOrEqual', g: GraphBuilder): Value {
  const [batch, length] = sorted.shape as [number, number];
  const before = g.binary(op, g.reshape(sorted, [batch, 1, length]), g.reshape(values, [batch, values.shape[1]!, 1]), 'bool');
  return g.reduce('ReduceSum', g.cast(before, 'int32'), [2], false);
}

/** What tfjs's checks of shapes ask of a tensor. */
function shapeOf({ shape, dtype }: Value): tf.Tensor {
  return { shape: [...shape], rank: shape.length, dtype, size: sizeOf(shape) } as unknown as tf.Tensor;
}

/** Indices that are known before the graph runs are checked now. */
function assertWithin(indices: Value, size: number): void {
  const known = indices.shape.length > 0 && sizeOf(indices.shape) === 0 ? [] : (elementsOf(indices) ?? []);
  for (const index of known)
    tf.util.assert(index >= 0 && index < size, () => `GatherV2: the index value ${index} is not in [0, ${size - 1}]`);
}

/** Kernels that take or give indices. */
export const indexing = {
  GatherV2: lower<tf.GatherV2Inputs, tf.GatherV2Attrs>(({ x, indices }, { axis, batchDims }, g) => {
    const [at] = tf.util.parseAxisParam(axis, [...x.shape]) as [number];
    const batchAxes = batchDims < 0 ? batchDims + indices.shape.length : batchDims;
    assertWithin(indices, x.shape[at]!);
    tf.backend_util.segment_util.collectGatherOpShapeInfo(shapeOf(x), shapeOf(indices), at, batchAxes);
    return gather(x, indices, at, batchAxes, g);
  }),
  GatherNd: lower<tf.GatherNdInputs>(({ params, indices }, _, g) => {
    tf.backend_util.prepareAndValidate(shapeOf(params), shapeOf(indices));
    const shape = [...indices.shape.slice(0, -1), ...params.shape.slice(indices.shape.at(-1))];
    return g.op('GatherND', [params, g.cast(indices, 'int64')], { shape, dtype: params.dtype });
  }),
  ScatterNd: lower<tf.ScatterNdInputs, tf.ScatterNdAttrs>(({ indices, updates }, { shape }, g) => {
    const depth = indices.shape.length < 2 ? 1 : indices.shape.at(-1)!;
    const places = sizeOf(indices.shape) / depth;
    const rows = g.reshape(updates, [places, ...shape.slice(depth)]);
    return scatter(zeros(shape, updates, g), g.reshape(indices, [places, depth]), rows, true, g);
  }),
  TensorScatterUpdate: lower<tf.TensorScatterUpdateInputs>(({ tensor, indices, updates }, _, g) =>
    scatter(tensor, indices, updates, false, g),
  ),
  SparseToDense: lower<tf.SparseToDenseInputs, tf.SparseToDenseAttrs>(
    ({ sparseIndices, sparseValues, defaultValue }, { outputShape }, g) => {
      const depth = outputShape.length;
      const places = sizeOf(sparseIndices.shape) / depth;
      const base = g.expand(defaultValue, outputShape);
      return scatter(base, g.reshape(sparseIndices, [places, depth]), g.expand(sparseValues, [places]), false, g);
    },
  ),
  UnsortedSegmentSum: lower<tf.UnsortedSegmentSumInputs, tf.UnsortedSegmentSumAttrs>(({ x, segmentIds }, { numSegments }, g) =>
    segmentSum(x, segmentIds, numSegments, g),
  ),
  OneHot: lower<tf.OneHotInputs, tf.OneHotAttrs>(({ indices }, { depth, onValue, offValue, dtype }, g) => {
    const type = dtype as 'float32' | 'int32' | 'bool';
    return oneHot(indices, depth, g.scalar(onValue, type), g.scalar(offValue, type), g);
  }),
  // always sorted: unsorted, ONNX Runtime does not take the first of equal elements
  TopK: lower<tf.TopKInputs, tf.TopKAttrs>(({ x }, { k }, g) => {
    const shape = [...x.shape.slice(0, -1), k];
    const types = [
      { shape, dtype: x.dtype },
      { shape, dtype: 'int64' as const },
    ];
    const [values, places] = g.ops('TopK', [x, g.integers([k])], types, { axis: int(-1), sorted: int(1) });
    return [values!, g.cast(places!, 'int32')];
  }),
  Bincount: lower<tf.BincountInputs, tf.BincountAttrs>(({ x, weights }, { size }, g) =>
    count(g.reshape(x, [sizeOf(x.shape)]), weights, size, false, g),
  ),
  DenseBincount: lower<tf.DenseBincountInputs, tf.DenseBincountAttrs>(({ x, weights }, { size, binaryOutput = false }, g) =>
    count(x, weights, size, binaryOutput, g),
  ),
  SearchSorted: lower<tf.SearchSortedInputs, tf.SearchSortedAttrs>(({ sortedSequence, values }, { side }, g) =>
    rank(sortedSequence, values, side === 'left' ? 'Less' : 'LessOrEqual', g),
  ),
  LowerBound: lower<tf.LowerBoundInputs>(({ sortedSequence, values }, _, g) => rank(sortedSequence, values, 'Less', g)),
  UpperBound: lower<tf.UpperBoundInputs>(({ sortedSequence, values }, _, g) => rank(sortedSequence, values, 'LessOrEqual', g)),
};

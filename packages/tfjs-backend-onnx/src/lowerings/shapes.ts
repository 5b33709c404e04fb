import * as tf from '@tensorflow/tfjs';
import { rangeValue } from '../constants.js';
import type { GraphBuilder } from '../builder.js';
import { int, type Value } from '../graph.js';
import { lower, lowerList } from './lowering.js';

function concat(parts: readonly Value[], axis: number, g: GraphBuilder): Value {
  const shape = [...parts[0]!.shape];
  shape[axis] = parts.reduce((size, part) => size + part.shape[axis]!, 0);
  return g.op('Concat', parts, { shape, dtype: parts[0]!.dtype }, { axis: int(axis) });
}

function positive(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** Adds elements before and after each axis. @param mode of ONNX's Pad */
export function pad(x: Value, paddings: readonly (readonly [number, number])[], value: number, mode: string, g: GraphBuilder): Value {
  const shape = x.shape.map((size, axis) => size + paddings[axis]![0] + paddings[axis]![1]);
  const pads = g.integers([...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)]);
  return g.op('Pad', [x, pads, g.scalarLike(value, x)], { shape, dtype: x.dtype }, { mode: { kind: 'string', value: mode } });
}

/** Reflection that repeats the edge, which ONNX lacks: the border rows, reversed, are put beside the tensor. */
function padSymmetric(x: Value, paddings: readonly (readonly [number, number])[], g: GraphBuilder): Value {
  return paddings.reduce((padded, [before, after], axis) => {
    const length = x.shape[axis]!;
    const first = before > 0 ? [g.slice(padded, [before - 1], [-1], [axis], [-1])] : [];
    const last = after > 0 ? [g.slice(padded, [length - 1], [length - after - 1], [axis], [-1])] : [];
    return concat([...first, padded, ...last], axis, g);
  }, x);
}

function stridedSlice(x: Value, a: tf.StridedSliceAttrs, g: GraphBuilder): Value {
  const info = tf.slice_util.sliceInfo(
    [...x.shape],
    a.begin,
    a.end,
    a.strides,
    a.beginMask,
    a.endMask,
    a.ellipsisMask,
    a.newAxisMask,
    a.shrinkAxisMask,
  );
  if (info.isIdentity) return g.reshape(x, info.finalShape);
  const axes = [...x.shape.keys()];
  return g.reshape(g.slice(x, info.begin, info.end, axes, info.strides), info.finalShape);
}

/** Kernels that move elements or rename axes. */
export const shapes = {
  Identity: lower<tf.IdentityInputs>(({ x }) => x),
  Reshape: lower<tf.ReshapeInputs, tf.ReshapeAttrs>(({ x }, { shape }, g) =>
    g.reshape(x, tf.util.inferFromImplicitShape([...shape], tf.util.sizeFromShape([...x.shape]))),
  ),
  ExpandDims: lower<tf.ExpandDimsInputs, tf.ExpandDimsAttrs>(({ input }, { dim }, g) => {
    const rank = input.shape.length;
    tf.util.assert(dim >= -(rank + 1) && dim <= rank, () => `axis ${dim} is not in [${-(rank + 1)}, ${rank}]`);
    return g.reshape(input, input.shape.toSpliced(positive(dim, rank + 1), 0, 1));
  }),
  Transpose: lower<tf.TransposeInputs, tf.TransposeAttrs>(({ x }, { perm }, g) => g.transpose(x, perm)),
  Concat: lowerList<tf.ConcatAttrs>((parts, { axis }, g) => {
    const at = positive(axis, parts[0]!.shape.length);
    const shapesOfParts = parts.map(({ shape }) => [...shape]);
    tf.backend_util.assertParamsConsistent(shapesOfParts, at);
    return concat(parts, at, g);
  }),
  Pack: lowerList<tf.PackAttrs>((parts, { axis }, g) => {
    const [first] = parts as [Value];
    for (const { shape, dtype } of parts) {
      tf.util.assertShapesMatch([...first.shape], [...shape], 'tensors that are stacked have one shape');
      tf.util.assert(dtype === first.dtype, () => `tensors that are stacked have one type, not ${first.dtype} and ${dtype}`);
    }
    const at = positive(axis, parts[0]!.shape.length + 1);
    const layers = parts.map((part) => g.reshape(part, part.shape.toSpliced(at, 0, 1)));
    return concat(layers, at, g);
  }),
  Unpack: lower<tf.UnpackInputs, tf.UnpackAttrs>(({ value }, { axis }, g) => {
    const at = positive(axis, value.shape.length);
    const shape = value.shape.toSpliced(at, 1);
    return Array.from({ length: value.shape[at]! }, (_, i) => g.reshape(g.slice(value, [i], [i + 1], [at], [1]), shape));
  }),
  Slice: lower<tf.SliceInputs, tf.SliceAttrs>(({ x }, attributes, g) => {
    const info = { shape: [...x.shape] } as tf.TensorInfo;
    const [begin, size] = tf.slice_util.parseSliceParams(info, attributes.begin, attributes.size) as [number[], number[]];
    tf.slice_util.assertParamsValid(info, begin, size);
    const cut = [...x.shape.keys()].filter((axis) => size[axis] !== x.shape[axis]);
    if (cut.length === 0) return x;
    return g.slice(
      x,
      cut.map((axis) => begin[axis]!),
      cut.map((axis) => begin[axis]! + size[axis]!),
      cut,
      cut.map(() => 1),
    );
  }),
  StridedSlice: lower<tf.StridedSliceInputs, tf.StridedSliceAttrs>(({ x }, attributes, g) => stridedSlice(x, attributes, g)),
  SplitV: lower<tf.SplitVInputs, tf.SplitVAttrs>(({ x }, { numOrSizeSplits, axis }, g) => {
    const at = positive(axis, x.shape.length);
    const sizes = tf.backend_util.prepareSplitSize({ shape: [...x.shape] } as tf.Tensor, numOrSizeSplits, at);
    const types = sizes.map((size) => ({ shape: x.shape.with(at, size), dtype: x.dtype }));
    return g.ops('Split', [x, g.integers(sizes)], types, { axis: int(at) });
  }),
  PadV2: lower<tf.PadV2Inputs, tf.PadV2Attrs>(({ x }, { paddings, constantValue }, g) => pad(x, paddings, constantValue, 'constant', g)),
  MirrorPad: lower<tf.MirrorPadInputs, tf.MirrorPadAttrs>(({ x }, { paddings, mode }, g) =>
    mode === 'reflect' ? pad(x, paddings, 0, 'reflect', g) : padSymmetric(x, paddings, g),
  ),
  Tile: lower<tf.TileInputs, tf.TileAttrs>(({ x }, { reps }, g) => {
    const shape = x.shape.map((size, axis) => size * reps[axis]!);
    // tfjs broadcasts by tiling, but operators broadcast by themselves: an Expand is one that passes can take away
    if (x.shape.every((size, axis) => size === 1 || reps[axis] === 1)) return g.expand(x, shape);
    return g.op('Tile', [x, g.integers(reps)], { shape, dtype: x.dtype });
  }),
  BroadcastTo: lower<tf.BroadcastToInputs, tf.BroadCastToAttrs>(({ x }, { shape }, g) => g.expand(x, shape)),
  Reverse: lower<tf.ReverseInputs, tf.ReverseAttrs>(({ x }, { dims }, g) => {
    const axes = tf.util.parseAxisParam(dims, [...x.shape]).filter((axis) => x.shape[axis]! > 1);
    if (axes.length === 0) return x;
    return g.slice(
      x,
      axes.map((axis) => x.shape[axis]! - 1),
      axes.map(() => -1),
      axes,
      axes.map(() => -1),
    );
  }),
  DepthToSpace: lower<tf.DepthToSpaceInputs, tf.DepthToSpaceAttrs>(({ x }, { blockSize: size, dataFormat }, g) => {
    const channelsLast = dataFormat === 'NHWC';
    const [batch, height, width, depth] = (channelsLast ? x.shape : [0, 2, 3, 1].map((axis) => x.shape[axis]!)) as [
      number,
      number,
      number,
      number,
    ];
    const channels = depth / (size * size);
    const last = channelsLast ? x : g.transpose(x, [0, 2, 3, 1]);
    const blocks = g.transpose(g.reshape(last, [batch, height, width, size, size, channels]), [0, 1, 3, 2, 4, 5]);
    const image = g.reshape(blocks, [batch, height * size, width * size, channels]);
    return channelsLast ? image : g.transpose(image, [0, 3, 1, 2]);
  }),
  BatchToSpaceND: lower<tf.BatchToSpaceNDInputs, tf.BatchToSpaceNDAttrs>(({ x }, { blockShape, crops }, g) => {
    const product = tf.util.sizeFromShape(blockShape);
    const permuted = tf.backend_util.getPermuted(tf.backend_util.getReshaped([...x.shape], blockShape, product).length, blockShape.length);
    const blocks = g.transpose(g.reshape(x, tf.backend_util.getReshaped([...x.shape], blockShape, product)), permuted);
    const image = g.reshape(blocks, tf.backend_util.getReshapedPermuted([...x.shape], blockShape, product));
    const begin = tf.backend_util.getSliceBeginCoords(crops, blockShape.length);
    const size = tf.backend_util.getSliceSize([...image.shape], crops, blockShape.length);
    return g.slice(
      image,
      begin,
      begin.map((from, axis) => from + size[axis]!),
      [...begin.keys()],
      begin.map(() => 1),
    );
  }),
  SpaceToBatchND: lower<tf.SpaceToBatchNDInputs, tf.SpaceToBatchNDAttrs>(({ x }, { blockShape, paddings }, g) => {
    const product = tf.util.sizeFromShape(blockShape);
    const rest = x.shape.slice(1 + blockShape.length).map(() => [0, 0] as const);
    const padded = pad(x, [[0, 0], ...(paddings as [number, number][]), ...rest], 0, 'constant', g);
    const reshaped = tf.backend_util.getReshaped([...padded.shape], blockShape, product, false);
    const permuted = tf.backend_util.getPermuted(reshaped.length, blockShape.length, false);
    const flat = tf.backend_util.getReshapedPermuted([...padded.shape], blockShape, product, false);
    return g.reshape(g.transpose(g.reshape(padded, reshaped), permuted), flat);
  }),
  Diag: lower<tf.DiagInputs>(({ x }, _, g) => {
    const size = tf.util.sizeFromShape([...x.shape]);
    const rows = g.reshape(rangeValue(size), [size, 1]);
    const onDiagonal = g.binary('Equal', rows, rangeValue(size), 'bool');
    return g.reshape(g.where(onDiagonal, g.reshape(x, [size, 1]), g.scalarLike(0, x)), [...x.shape, ...x.shape]);
  }),
};

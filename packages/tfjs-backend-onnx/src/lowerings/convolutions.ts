import * as tf from '@tensorflow/tfjs';
import type { GraphBuilder } from '../builder.js';
import { int, ints, sameShape, type Value } from '../graph.js';
import { sizeOf } from '../tensors.js';
import { activate } from './activations.js';
import { lower } from './lowering.js';
import { matrixProduct } from './matrix-products.js';
import { channelsFirst, channelsLast, padSpace, padToWindow, window2d, window3d, windowAttributes, type Window } from './windows.js';

/** [out, in, ...size], ONNX's order, of a filter [...size, in, out]. */
function filterFirst(filter: Value, g: GraphBuilder): Value {
  const space = filter.shape.length - 2;
  return g.transpose(filter, [space + 1, space, ...Array.from({ length: space }, (_, i) => i)]);
}

/** [in · multiplier, 1, ...size] of a depthwise filter [...size, in, multiplier]: one group for each input channel. */
function depthwiseFirst(filter: Value, g: GraphBuilder): Value {
  const [height, width, channels, multiplier] = filter.shape as [number, number, number, number];
  return g.reshape(g.transpose(filter, [2, 3, 0, 1]), [channels * multiplier, 1, height, width]);
}

/** Runs `work` on channels-first values, and gives its result in the order in which `x` came. */
function inOrder(x: Value, dataFormat: string, g: GraphBuilder, work: (x: Value) => Value): Value {
  return dataFormat === 'NCHW' ? work(x) : channelsLast(work(channelsFirst(x, g)), g);
}

/** Convolution of x [batch, in, ...space] with weights [out, in / groups, ...size]. */
function convolve(x: Value, weights: Value, window: Window, groups: number, g: GraphBuilder): Value {
  const shape = [x.shape[0]!, weights.shape[0]!, ...window.output];
  const attributes = { ...windowAttributes(window), kernel_shape: ints(window.size), group: int(groups) };
  return asFloat([x, weights], g, ([a, b]) => g.op('Conv', [a!, b!], { shape, dtype: 'float32' }, attributes));
}

/** The gradient of a convolution to its input, from dy [batch, out, ...output]: a transposed convolution. */
function convolveBack(whole: Value, weights: Value, window: Window, groups: number, g: GraphBuilder): Value {
  const dy = firstWindows(whole, window, g);
  // what no window reaches has no gradient
  const missed = window.after.map((size) => Math.max(0, -size));
  const shape = [dy.shape[0]!, weights.shape[1]! * groups, ...window.input.map((size, i) => size - missed[i]!)];
  const attributes = { ...windowAttributes(window), kernel_shape: ints(window.size), group: int(groups) };
  const reached = asFloat([dy, weights], g, ([a, b]) => g.op('ConvTranspose', [a!, b!], { shape, dtype: 'float32' }, attributes));
  return padSpace(
    reached,
    missed.map(() => 0),
    missed,
    0,
    g,
  );
}

/** tf.conv2dTranspose may be given more windows than there are for the size that it is asked for. */
function firstWindows(dy: Value, { output }: Window, g: GraphBuilder): Value {
  const axes = output.map((_, i) => i + 2);
  const none = output.map(() => 0);
  return sameShape(dy.shape.slice(2), output)
    ? dy
    : g.slice(
        dy,
        none,
        output,
        axes,
        none.map(() => 1),
      );
}

/**
 * The gradient of a convolution to its weights: x [in, batch, ...space] convolved with dy [out, batch, ...output], where stride and
 * dilation have changed places. Gives [in, out, ...size].
 */
function convolveWeights(x: Value, dy: Value, window: Window, groups: number, g: GraphBuilder): Value {
  const padded = asFloat([x], g, ([only]) => padToWindow(only!, window, 0, g));
  const zeros = window.size.map(() => 0);
  const attributes = {
    kernel_shape: ints(window.output),
    strides: ints(window.dilation),
    dilations: ints(window.stride),
    pads: ints([...zeros, ...zeros]),
    group: int(groups),
  };
  const shape = [x.shape[0]!, dy.shape[0]!, ...window.size];
  return asFloat([padded, dy], g, ([a, b]) => g.op('Conv', [a!, b!], { shape, dtype: 'float32' }, attributes));
}

/** ONNX Runtime convolves floats only. */
function asFloat(values: readonly Value[], g: GraphBuilder, work: (values: readonly Value[]) => Value): Value {
  return work(values.map((value) => g.cast(value, 'float32')));
}

/** A product over the channels alone is a matrix product, which needs no other order of axes. */
function isPointwise(window: Window, dataFormat: string): boolean {
  const plain = (list: readonly number[], value: number): boolean => list.every((each) => each === value);
  const { size, stride, before, after } = window;
  return dataFormat !== 'NCHW' && plain(size, 1) && plain(stride, 1) && plain(before, 0) && plain(after, 0);
}

function conv2d(x: Value, filter: Value, attributes: tf.Conv2DAttrs, g: GraphBuilder): Value {
  const window = windowOf(x.shape, filter.shape, attributes);
  if (isPointwise(window, attributes.dataFormat)) return pointwise(x, filter, g);
  return inOrder(x, attributes.dataFormat, g, (first) => convolve(first, filterFirst(filter, g), window, 1, g));
}

function pointwise(x: Value, filter: Value, g: GraphBuilder): Value {
  const [channels, out] = filter.shape.slice(-2) as [number, number];
  const space = x.shape.slice(0, -1);
  const product = matrixProduct(g.reshape(x, [sizeOf(space), channels]), g.reshape(filter, [channels, out]), false, false, g);
  return g.reshape(product, [...space, out]);
}

interface WindowAttrs {
  readonly strides: number | [number, number];
  readonly pad: tf.Conv2DAttrs['pad'];
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dilations?: number | [number, number] | null;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

function windowOf(x: readonly number[], filter: readonly number[], attributes: WindowAttrs, depthwise = false): Window {
  const { strides, dilations, pad, dimRoundingMode, dataFormat = 'NHWC' } = attributes;
  const order = tf.backend_util.convertConv2DDataFormat(dataFormat);
  const [shape, size] = [[...x], [...filter]] as [[number, number, number, number], [number, number, number, number]];
  return window2d(tf.backend_util.computeConv2DInfo(shape, size, strides, dilations ?? 1, pad, dimRoundingMode, depthwise, order));
}

function window3dOf(
  x: readonly number[],
  filter: readonly number[],
  { strides, pad, dilations }: Pick<tf.Conv3DAttrs, 'strides' | 'pad'> & Partial<Pick<tf.Conv3DAttrs, 'dilations'>>,
): Window {
  type Shape = [number, number, number, number, number];
  return window3d(tf.backend_util.computeConv3DInfo([...x] as Shape, [...filter] as Shape, strides, dilations ?? 1, pad));
}

/** [channels, batch, ...space] of [batch, ...space, channels]. */
function channelsThenBatch(x: Value, g: GraphBuilder): Value {
  const rank = x.shape.length;
  return g.transpose(x, [rank - 1, 0, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)]);
}

function depthwise(x: Value, filter: Value, attributes: tf.DepthwiseConv2dNativeAttrs, g: GraphBuilder): Value {
  const window = windowOf(x.shape, filter.shape, attributes, true);
  return inOrder(x, attributes.dataFormat, g, (first) => convolve(first, depthwiseFirst(filter, g), window, filter.shape[2]!, g));
}

interface FusedInputs {
  readonly x: tf.TensorInfo;
  readonly filter: tf.TensorInfo;
  readonly bias?: tf.TensorInfo;
  readonly preluActivationWeights?: tf.TensorInfo;
}

/** Bias and activation after a convolution. In channels-first order a list of numbers is one for each channel. */
function finish(
  y: Value,
  bias: Value | undefined,
  slopes: Value | undefined,
  attributes: tf.FusedConv2DAttrs | tf.FusedDepthwiseConv2DAttrs,
  g: GraphBuilder,
): Value {
  const placed = (list: Value): Value =>
    attributes.dataFormat === 'NCHW' && list.shape.length === 1 ? g.reshape(list, [list.shape[0]!, 1, 1]) : list;
  const shifted = bias === undefined ? y : g.binary('Add', y, placed(bias));
  return activate(shifted, attributes.activation, attributes.leakyreluAlpha, slopes === undefined ? undefined : placed(slopes), g);
}

/** Convolutions and their gradients. */
export const convolutions = {
  Conv2D: lower<tf.Conv2DInputs, tf.Conv2DAttrs>(({ x, filter }, attributes, g) => conv2d(x, filter, attributes, g)),
  Conv2DBackpropInput: lower<tf.Conv2DBackpropInputInputs, tf.Conv2DBackpropInputAttrs>(({ dy, filter }, attributes, g) => {
    const window = windowOf(attributes.inputShape, filter.shape, attributes);
    return inOrder(dy, attributes.dataFormat, g, (first) => convolveBack(first, filterFirst(filter, g), window, 1, g));
  }),
  Conv2DBackpropFilter: lower<tf.Conv2DBackpropFilterInputs, tf.Conv2DBackpropFilterAttrs>(({ x, dy }, attributes, g) => {
    const window = windowOf(x.shape, attributes.filterShape, attributes);
    const swapped = (each: Value): Value =>
      attributes.dataFormat === 'NCHW' ? g.transpose(each, [1, 0, 2, 3]) : channelsThenBatch(each, g);
    return g.transpose(convolveWeights(swapped(x), swapped(dy), window, 1, g), [2, 3, 0, 1]);
  }),
  Conv3D: lower<tf.Conv3DInputs, tf.Conv3DAttrs>(({ x, filter }, attributes, g) => {
    const window = window3dOf(x.shape, filter.shape, attributes);
    return inOrder(x, 'NDHWC', g, (first) => convolve(first, filterFirst(filter, g), window, 1, g));
  }),
  Conv3DBackpropInputV2: lower<tf.Conv3DBackpropInputV2Inputs, tf.Conv3DBackpropInputV2Attrs>(({ dy, filter }, attributes, g) => {
    const window = window3dOf(attributes.inputShape, filter.shape, attributes);
    return inOrder(dy, 'NDHWC', g, (first) => convolveBack(first, filterFirst(filter, g), window, 1, g));
  }),
  Conv3DBackpropFilterV2: lower<tf.Conv3DBackpropFilterV2Inputs, tf.Conv3DBackpropFilterV2Attrs>(({ x, dy }, attributes, g) => {
    const window = window3dOf(x.shape, attributes.filterShape, attributes);
    return g.transpose(convolveWeights(channelsThenBatch(x, g), channelsThenBatch(dy, g), window, 1, g), [2, 3, 4, 0, 1]);
  }),
  DepthwiseConv2dNative: lower<tf.DepthwiseConv2dNativeInputs, tf.DepthwiseConv2dNativeAttrs>(({ x, filter }, attributes, g) =>
    depthwise(x, filter, attributes, g),
  ),
  DepthwiseConv2dNativeBackpropInput: lower<tf.DepthwiseConv2dNativeBackpropInputInputs, tf.DepthwiseConv2dNativeBackpropInputAttrs>(
    ({ dy, filter }, attributes, g) => {
      const window = windowOf(attributes.inputShape, filter.shape, attributes, true);
      return inOrder(dy, 'NHWC', g, (first) => convolveBack(first, depthwiseFirst(filter, g), window, filter.shape[2]!, g));
    },
  ),
  DepthwiseConv2dNativeBackpropFilter: lower<tf.DepthwiseConv2dNativeBackpropFilterInputs, tf.DepthwiseConv2dNativeBackpropFilterAttrs>(
    ({ x, dy }, attributes, g) => {
      const [height, width, channels, multiplier] = attributes.filterShape;
      const window = windowOf(x.shape, attributes.filterShape, attributes, true);
      // the batch is summed over: one group of `batch` channels for each channel of x
      const grouped = g.reshape(channelsThenBatch(x, g), [1, channels * x.shape[0]!, ...window.input]);
      const weights = convolveWeights(grouped, channelsThenBatch(dy, g), window, channels, g);
      return g.transpose(g.reshape(weights, [channels, multiplier, height, width]), [2, 3, 0, 1]);
    },
  ),
  FusedConv2D: lower<FusedInputs, tf.FusedConv2DAttrs>(({ x, filter, bias, preluActivationWeights }, attributes, g) =>
    finish(conv2d(x, filter, attributes, g), bias, preluActivationWeights, attributes, g),
  ),
  FusedDepthwiseConv2D: lower<FusedInputs, tf.FusedDepthwiseConv2DAttrs>(({ x, filter, bias, preluActivationWeights }, attributes, g) =>
    finish(depthwise(x, filter, attributes, g), bias, preluActivationWeights, attributes, g),
  ),
};

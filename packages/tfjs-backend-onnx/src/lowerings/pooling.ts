import * as tf from '@tensorflow/tfjs';
import type { GraphBuilder } from '../builder.js';
import { constantValue, rangeValue } from '../constants.js';
import { int, ints, sameShape, string, type Value } from '../graph.js';
import { sizeOf } from '../tensors.js';
import { lower } from './lowering.js';
import { channelsFirst, channelsLast, padSpace, padToWindow, window2d, window3d, type Window } from './windows.js';

type Rounding = 'floor' | 'round' | 'ceil';

interface Pool2dAttrs {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: tf.MaxPoolAttrs['pad'];
  readonly dimRoundingMode?: Rounding;
}

interface Pool3dAttrs {
  readonly filterSize: number | [number, number, number];
  readonly strides: number | [number, number, number];
  readonly pad: 'valid' | 'same' | number;
  readonly dimRoundingMode?: Rounding;
  readonly dataFormat?: 'NDHWC' | 'NCDHW';
}

function windowOf({ shape }: Value, { filterSize, strides, pad, dimRoundingMode }: Pool2dAttrs): Window {
  return window2d(
    tf.backend_util.computePool2DInfo([...shape] as [number, number, number, number], filterSize, strides, 1, pad, dimRoundingMode),
  );
}

function window3dOf({ shape }: Value, attributes: Pool3dAttrs): Window {
  const { filterSize, strides, pad, dimRoundingMode, dataFormat } = attributes;
  const volume = [...shape] as [number, number, number, number, number];
  return window3d(tf.backend_util.computePool3DInfo(volume, filterSize, strides, 1, pad, dimRoundingMode, dataFormat));
}

/** Runs `work` on channels-first values and gives its result in the order of the inputs. */
function inOrder(values: readonly Value[], dataFormat: string | undefined, g: GraphBuilder, work: (...values: Value[]) => Value): Value {
  return dataFormat === 'NCDHW' ? work(...values) : channelsLast(work(...values.map((value) => channelsFirst(value, g))), g);
}

/** ONNX's attributes for windows over a tensor that has been padded. */
function attributesOf({ size, stride }: Window): { kernel_shape: ReturnType<typeof ints>; strides: ReturnType<typeof ints> } {
  return { kernel_shape: ints(size), strides: ints(stride) };
}

/** The largest element of each window, and its place among the elements of the padded tensor [batch, channels, ...space]. */
function largest(x: Value, window: Window, g: GraphBuilder): { padded: Value; y: Value; places: Value } {
  // ONNX Runtime pools floats only
  const padded = padToWindow(g.cast(x, 'float32'), window, -Infinity, g);
  const shape = [...x.shape.slice(0, 2), ...window.output];
  const types = [
    { shape, dtype: 'float32' as const },
    { shape, dtype: 'int64' as const },
  ];
  const [y, places] = g.ops('MaxPool', [padded], types, attributesOf(window));
  return { padded, y: y!, places: places! };
}

/** tfjs takes a window of one element for the identity wherever there are as many windows as elements, also those in the padding. */
function isIdentity({ size, input, output }: Window): boolean {
  return size.every((each) => each === 1) && sameShape(input, output);
}

function maxPool(x: Value, window: Window, g: GraphBuilder): Value {
  if (isIdentity(window)) return x;
  return g.cast(largest(x, window, g).y, x.dtype);
}

/** The gradient of each window goes to its first largest element. */
function maxPoolGradient(dy: Value, x: Value, window: Window, g: GraphBuilder): Value {
  const { padded, places } = largest(x, window, g);
  const size = sizeOf(padded.shape);
  const flat = g.op(
    'ScatterElements',
    [g.expand(g.scalar(0), [size]), g.reshape(places, [sizeOf(places.shape)]), g.reshape(dy, [sizeOf(dy.shape)])],
    { shape: [size], dtype: 'float32' },
    { axis: int(0), reduction: string('add') },
  );
  return unpadded(g.reshape(flat, padded.shape), window, g);
}

/** Takes away what {@link padToWindow} added, and puts zeros where it cut. */
function unpadded(x: Value, { before, after, input }: Window, g: GraphBuilder): Value {
  const reached = input.map((size, i) => size + Math.min(0, after[i]!));
  const axes = input.map((_, i) => i + 2);
  const inner = g.slice(
    x,
    before,
    before.map((from, i) => from + reached[i]!),
    axes,
    axes.map(() => 1),
  );
  return padSpace(
    inner,
    before.map(() => 0),
    after.map((size) => Math.max(0, -size)),
    0,
    g,
  );
}

/** How much of each window lies within the tensor, as one over the number of its elements: [1, 1, ...output]. */
function shares({ size, stride, dilation, before, input, output }: Window): Value {
  const counts = output.map((windows, axis) =>
    Array.from({ length: windows }, (_, i) => {
      const start = i * stride[axis]! - before[axis]!;
      const places = Array.from({ length: size[axis]! }, (_unused, k) => start + k * dilation[axis]!);
      return places.filter((place) => place >= 0 && place < input[axis]!).length;
    }),
  );
  const products = counts.reduce((product, along) => product.flatMap((left) => along.map((right) => left * right)), [1]);
  return constantValue(
    Float32Array.from(products, (count) => (count === 0 ? 0 : 1 / count)),
    [1, 1, ...output],
    'float32',
  );
}

/** The mean over the part of each window that lies within the tensor. */
function averagePool(x: Value, window: Window, g: GraphBuilder): Value {
  if (isIdentity(window)) return g.cast(x, 'float32');
  const padded = padToWindow(g.cast(x, 'float32'), window, 0, g);
  const shape = [...x.shape.slice(0, 2), ...window.output];
  const means = g.op('AveragePool', [padded], { shape, dtype: 'float32' }, attributesOf(window));
  if ([...window.before, ...window.after].every((added) => added <= 0)) return means;
  return g.binary('Mul', g.binary('Mul', means, g.scalar(sizeOf(window.size))), shares(window));
}

/** Each element receives its share of every window that it is in: a transposed convolution with ones, channel by channel. */
function averagePoolGradient(dy: Value, x: Value, window: Window, share: Value, g: GraphBuilder): Value {
  const received = g.binary('Mul', dy, share);
  const channels = x.shape[1]!;
  const ones = g.expand(g.scalar(1), [channels, 1, ...window.size]);
  const space = window.input.map((size, i) => size + window.before[i]! + window.after[i]!);
  const type = { shape: [...x.shape.slice(0, 2), ...space], dtype: 'float32' as const };
  return unpadded(g.op('ConvTranspose', [received, ones], type, { ...attributesOf(window), group: int(channels) }), window, g);
}

function withoutNans(x: Value, g: GraphBuilder): Value {
  return g.where(g.op('IsNaN', [x], { shape: x.shape, dtype: 'bool' }), g.scalar(-Infinity), x);
}

/** Places of the largest elements as tfjs counts them: `(y · width + x) · channels + c`, and from the batch's beginning on request. */
function placesInImage(places: Value, x: Value, padded: Value, window: Window, withBatch: boolean, g: GraphBuilder): Value {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const number = (value: number): Value => g.scalar(value, 'int32');
  const [rows, columns] = padded.shape.slice(2) as [number, number];
  const inImage = g.binary('Mod', g.cast(places, 'int32'), number(rows * columns));
  const row = g.binary('Sub', g.binary('Div', inImage, number(columns)), number(window.before[0]!));
  const column = g.binary('Sub', g.binary('Mod', inImage, number(columns)), number(window.before[1]!));
  const pixel = g.binary('Add', g.binary('Mul', row, number(width)), column);
  const element = g.binary('Add', g.binary('Mul', pixel, number(channels)), g.reshape(rangeValue(channels), [channels, 1, 1]));
  if (!withBatch) return element;
  const starts = g.binary('Mul', g.reshape(rangeValue(batch), [batch, 1, 1, 1]), number(channels * height * width));
  return g.binary('Add', element, starts);
}

/** Pooling and its gradients. */
export const pooling = {
  MaxPool: lower<tf.MaxPoolInputs, tf.MaxPoolAttrs>(({ x }, attributes, g) =>
    inOrder([x], undefined, g, (first) => maxPool(first, windowOf(x, attributes), g)),
  ),
  MaxPoolGrad: lower<tf.MaxPoolGradInputs, tf.MaxPoolGradAttrs>(({ dy, input }, attributes, g) =>
    inOrder([dy, input], undefined, g, (d, x) => maxPoolGradient(d, x, windowOf(input, attributes), g)),
  ),
  MaxPool3D: lower<tf.MaxPool3DInputs, tf.MaxPool3DAttrs>(({ x }, attributes, g) =>
    inOrder([x], attributes.dataFormat, g, (first) => maxPool(first, window3dOf(x, attributes), g)),
  ),
  MaxPool3DGrad: lower<tf.MaxPool3DGradInputs, tf.MaxPool3DGradAttrs>(({ dy, input }, attributes, g) =>
    inOrder([dy, input], undefined, g, (d, x) => maxPoolGradient(d, x, window3dOf(input, attributes), g)),
  ),
  MaxPoolWithArgmax: lower<tf.MaxPoolWithArgmaxInputs, tf.MaxPoolWithArgmaxAttrs>(({ x }, attributes, g) => {
    tf.util.assert(
      x.shape.length === 4,
      () => `maxPoolWithArgmax takes images [batch, height, width, channels], not rank ${x.shape.length}`,
    );
    const window = windowOf(x, attributes);
    // other than maxPool, it passes NaNs over
    const first = withoutNans(channelsFirst(g.cast(x, 'float32'), g), g);
    const { padded, y, places } = largest(first, window, g);
    const indices = placesInImage(places, first, padded, window, attributes.includeBatchInIndex, g);
    return [g.cast(channelsLast(y, g), x.dtype), channelsLast(indices, g)];
  }),
  AvgPool: lower<tf.AvgPoolInputs, tf.AvgPoolAttrs>(({ x }, attributes, g) =>
    inOrder([x], undefined, g, (first) => averagePool(first, windowOf(x, attributes), g)),
  ),
  AvgPoolGrad: lower<tf.AvgPoolGradInputs, tf.AvgPoolGradAttrs>(({ dy, input }, attributes, g) =>
    inOrder([dy, input], undefined, g, (d, x) => {
      const window = windowOf(input, attributes);
      // with explicit paddings tfjs counts whole windows here, though not in the mean itself; its suite holds it to that
      const share = Array.isArray(attributes.pad) ? g.scalar(1 / sizeOf(window.size)) : shares(window);
      return averagePoolGradient(d, x, window, share, g);
    }),
  ),
  AvgPool3D: lower<tf.AvgPool3DInputs, tf.AvgPool3DAttrs>(({ x }, attributes, g) =>
    inOrder([x], attributes.dataFormat, g, (first) => averagePool(first, window3dOf(x, attributes), g)),
  ),
  AvgPool3DGrad: lower<tf.AvgPool3DGradInputs, tf.AvgPool3DGradAttrs>(({ dy, input }, attributes, g) =>
    inOrder([dy, input], undefined, g, (d, x) => {
      const window = window3dOf(input, attributes);
      return averagePoolGradient(d, x, window, shares(window), g);
    }),
  ),
};

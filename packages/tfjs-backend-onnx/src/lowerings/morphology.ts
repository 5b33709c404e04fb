import * as tf from '@tensorflow/tfjs';
import type { GraphBuilder } from '../builder.js';
import { constantValue, rangeValue } from '../constants.js';
import { int, string, type Value } from '../graph.js';
import { sizeOf } from '../tensors.js';
import { lower } from './lowering.js';
import { window2d } from './windows.js';

/** What each window of a dilation is made of. */
interface Windows {
  /** The elements of each window plus the filter: [batch, elements, windows, channels], minus infinity outside of the image. */
  readonly sums: Value;
  /** For each element of each window its pixel: [elements, windows], -1 outside. */
  readonly pixels: readonly number[];
  readonly output: readonly number[];
}

function windowsOf(x: Value, filter: Value, { strides, pad, dilations }: tf.Dilation2DAttrs, g: GraphBuilder): Windows {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const shape = [...filter.shape] as [number, number, number];
  const { size, stride, dilation, before, output } = window2d(
    tf.backend_util.computeDilation2DInfo([batch, height, width, channels], shape, strides, pad, 'NHWC', dilations),
  );
  const pixels = Array.from({ length: sizeOf(size) * sizeOf(output) }, (_, i) => {
    const [element, window] = [Math.floor(i / sizeOf(output)), i % sizeOf(output)];
    const along = (axis: 0 | 1, of: (index: number, count: number) => number): number =>
      of(window, output[1]!) * stride[axis]! - before[axis]! + of(element, size[1]!) * dilation[axis]!;
    const row = along(0, (index, count) => Math.floor(index / count));
    const column = along(1, (index, count) => index % count);
    return row >= 0 && row < height && column >= 0 && column < width ? row * width + column : -1;
  });
  const grid = [sizeOf(size), sizeOf(output)] as const;
  const places = constantValue(
    Int32Array.from(pixels, (pixel) => Math.max(0, pixel)),
    grid,
    'int32',
  );
  const inside = constantValue(
    Uint8Array.from(pixels, (pixel) => Number(pixel >= 0)),
    [...grid, 1],
    'bool',
  );
  const image = g.reshape(g.cast(x, 'float32'), [batch, height * width, channels]);
  const taken = g.op('Gather', [image, places], { shape: [batch, ...grid, channels], dtype: 'float32' }, { axis: int(1) });
  const shifted = g.binary('Add', taken, g.reshape(g.cast(filter, 'float32'), [grid[0], 1, channels]));
  return { sums: g.where(inside, shifted, g.scalar(-Infinity)), pixels, output };
}

/** dy where an element is the first largest of its window, zero elsewhere: [batch, elements, windows, channels]. */
function shares(dy: Value, { sums }: Windows, g: GraphBuilder): Value {
  const [batch, elements, windows, channels] = sums.shape as [number, number, number, number];
  const shape = [batch, 1, windows, channels];
  const first = g.op('ArgMax', [sums], { shape, dtype: 'int64' }, { axis: int(1), keepdims: int(1) });
  const chosen = g.binary('Equal', g.cast(first, 'int32'), g.reshape(rangeValue(elements), [elements, 1, 1]), 'bool');
  return g.where(chosen, g.reshape(dy, shape), g.scalar(0));
}

/** Adds each share to its pixel. */
function toPixels(share: Value, { pixels }: Windows, shape: readonly number[], g: GraphBuilder): Value {
  const [batch, height, width, channels] = shape as [number, number, number, number];
  const rows = g.reshape(g.transpose(share, [1, 2, 0, 3]), [pixels.length, batch * channels]);
  // what lies outside has no share, so it may go anywhere
  const places = constantValue(
    Int32Array.from(pixels, (pixel) => Math.max(0, pixel)),
    [pixels.length, 1],
    'int32',
  );
  const zeros = g.expand(g.scalar(0), [height * width, batch * channels]);
  const sum = g.op('ScatterND', [zeros, g.cast(places, 'int64'), rows], zeros, { reduction: string('add') });
  return g.reshape(g.transpose(g.reshape(sum, [height * width, batch, channels]), [1, 0, 2]), shape);
}

/** Morphological dilation, the largest of window plus filter, and its gradients. */
export const morphology = {
  Dilation2D: lower<tf.Dilation2DInputs, tf.Dilation2DAttrs>(({ x, filter }, attributes, g) => {
    const { sums, output } = windowsOf(x, filter, attributes, g);
    const largest = g.reshape(g.reduce('ReduceMax', sums, [1], false), [x.shape[0]!, ...output, x.shape[3]!]);
    return g.cast(largest, x.dtype);
  }),
  Dilation2DBackpropInput: lower<tf.Dilation2DBackpropInputInputs, tf.Dilation2DAttrs>(({ x, filter, dy }, attributes, g) => {
    const windows = windowsOf(x, filter, attributes, g);
    return toPixels(shares(dy, windows, g), windows, x.shape, g);
  }),
  Dilation2DBackpropFilter: lower<tf.Dilation2DBackpropFilterInputs, tf.Dilation2DAttrs>(({ x, filter, dy }, attributes, g) => {
    const share = shares(dy, windowsOf(x, filter, attributes, g), g);
    return g.reshape(g.reduce('ReduceSum', share, [0, 2], false), filter.shape);
  }),
};

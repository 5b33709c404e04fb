import * as tf from '@tensorflow/tfjs';
import type { GraphBuilder } from '../builder.js';
import { ints, type Attributes, type Value } from '../graph.js';
import { pad } from './shapes.js';

/** How a window moves over the spatial axes of an image or a volume. Every list has one number for each spatial axis. */
export interface Window {
  readonly size: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** Elements added in front of each axis. */
  readonly before: readonly number[];
  /** Elements added behind, so that the last window ends with the tensor; negative where the last elements are in no window. */
  readonly after: readonly number[];
  /** Sizes of the spatial axes. */
  readonly input: readonly number[];
  /** Number of windows along each axis. */
  readonly output: readonly number[];
}

function makeWindow(fields: Omit<Window, 'after'>): Window {
  const { size, stride, dilation, before, input, output } = fields;
  const after = input.map((length, i) => (output[i]! - 1) * stride[i]! + (size[i]! - 1) * dilation[i]! + 1 - length - before[i]!);
  return { ...fields, after };
}

/** The window that tfjs computed for an image. */
export function window2d(info: tf.backend_util.Conv2DInfo): Window {
  return makeWindow({
    size: [info.filterHeight, info.filterWidth],
    stride: [info.strideHeight, info.strideWidth],
    dilation: [info.dilationHeight, info.dilationWidth],
    before: [info.padInfo.top, info.padInfo.left],
    input: [info.inHeight, info.inWidth],
    output: [info.outHeight, info.outWidth],
  });
}

/** The window that tfjs computed for a volume. */
export function window3d(info: tf.backend_util.Conv3DInfo): Window {
  return makeWindow({
    size: [info.filterDepth, info.filterHeight, info.filterWidth],
    stride: [info.strideDepth, info.strideHeight, info.strideWidth],
    dilation: [info.dilationDepth, info.dilationHeight, info.dilationWidth],
    before: [info.padInfo.front, info.padInfo.top, info.padInfo.left],
    input: [info.inDepth, info.inHeight, info.inWidth],
    output: [info.outDepth, info.outHeight, info.outWidth],
  });
}

/** ONNX's attributes for a window. Elements that no window reaches need no padding: ONNX rounds down. */
export function windowAttributes({ stride, dilation, before, after }: Window): Attributes {
  const pads = ints([...before, ...after.map((size) => Math.max(0, size))]);
  return { strides: ints(stride), dilations: ints(dilation), pads };
}

/** [batch, channels, ...space], ONNX's order, of [batch, ...space, channels]. */
export function channelsFirst(x: Value, g: GraphBuilder): Value {
  const rank = x.shape.length;
  return g.transpose(x, [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)]);
}

/** [batch, ...space, channels], tfjs's order, of [batch, channels, ...space]. */
export function channelsLast(x: Value, g: GraphBuilder): Value {
  const rank = x.shape.length;
  return g.transpose(x, [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1]);
}

/** Pads the spatial axes behind the first two as the window needs, and cuts off what no window reaches. */
export function padToWindow(x: Value, { before, after }: Window, value: number, g: GraphBuilder): Value {
  const padded = padSpace(
    x,
    before,
    after.map((size) => Math.max(0, size)),
    value,
    g,
  );
  if (after.every((size) => size >= 0)) return padded;
  const axes = after.map((_, i) => i + 2);
  const ends = after.map((size, i) => padded.shape[i + 2]! + Math.min(0, size));
  return g.slice(
    padded,
    axes.map(() => 0),
    ends,
    axes,
    axes.map(() => 1),
  );
}

/** Adds elements around the spatial axes behind the first two. */
export function padSpace(x: Value, before: readonly number[], after: readonly number[], value: number, g: GraphBuilder): Value {
  if ([...before, ...after].every((size) => size === 0)) return x;
  return pad(x, [[0, 0], [0, 0], ...before.map((size, i) => [size, after[i]!] as const)], value, 'constant', g);
}

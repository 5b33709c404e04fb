import type * as tf from '@tensorflow/tfjs';
import type { GraphBuilder } from '../builder.js';
import { constantValue } from '../constants.js';
import { int, type Value } from '../graph.js';
import { lower } from './lowering.js';
import { matrixProduct } from './matrix-products.js';

/** For each new element along an axis, the two old ones between which it lies, and how far it is from the first to the second. */
interface Blend {
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly fraction: readonly number[];
}

/** How old and new sizes of an axis belong together. */
interface Grid {
  readonly alignCorners: boolean;
  readonly halfPixelCenters?: boolean;
}

function scaleOf(from: number, to: number, { alignCorners }: Grid): number {
  return alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to;
}

function linear(from: number, to: number, grid: Grid): Blend {
  const scale = scaleOf(from, to, grid);
  const places = Array.from({ length: to }, (_, i) => (grid.halfPixelCenters === true ? (i + 0.5) * scale - 0.5 : i * scale));
  const low = places.map((place) => Math.max(0, Math.floor(place)));
  return {
    low,
    high: places.map((place) => Math.min(from - 1, Math.ceil(place))),
    // in front of the first element there is nothing to blend with
    fraction: places.map((place, i) => Math.max(0, place - low[i]!)),
  };
}

function nearest(from: number, to: number, grid: Grid): Blend {
  const scale = scaleOf(from, to, grid);
  const low = Array.from({ length: to }, (_, i) => {
    const place = scale * (grid.halfPixelCenters === true ? i + 0.5 : i);
    return Math.min(from - 1, grid.alignCorners ? Math.round(place) : Math.floor(place));
  });
  return { low, high: low, fraction: low.map(() => 0) };
}

/** Blends along one axis. */
function blend(x: Value, axis: number, { low, high, fraction }: Blend, g: GraphBuilder): Value {
  const shape = x.shape.with(axis, low.length);
  const taken = (places: readonly number[]): Value =>
    g.op('Gather', [x, constantValue(Int32Array.from(places), [places.length], 'int32')], { shape, dtype: x.dtype }, { axis: int(axis) });
  const first = taken(low);
  if (fraction.every((each) => each === 0)) return first;
  const along = x.shape.map((_, i) => (i === axis ? low.length : 1));
  const weight = constantValue(Float32Array.from(fraction), along, 'float32');
  return g.binary('Add', first, g.binary('Mul', g.binary('Sub', taken(high), first), weight));
}

/** The gradient of {@link blend} along the rows of dy [batch, new, columns]: a product with the transposed matrix of blending. */
function unblend(dy: Value, from: number, { low, high, fraction }: Blend, g: GraphBuilder): Value {
  const matrix = new Float32Array(from * low.length); // [old, new]
  low.forEach((place, i) => {
    matrix[place * low.length + i]! += 1 - fraction[i]!;
    matrix[high[i]! * low.length + i]! += fraction[i]!;
  });
  return matrixProduct(constantValue(matrix, [from, low.length], 'float32'), dy, false, false, g);
}

type Plan = (from: number, to: number, grid: Grid) => Blend;

function resize(images: Value, [height, width]: readonly [number, number], grid: Grid, plan: Plan, g: GraphBuilder): Value {
  const rows = blend(images, 1, plan(images.shape[1]!, height, grid), g);
  return blend(rows, 2, plan(images.shape[2]!, width, grid), g);
}

function resizeGradient(images: Value, dy: Value, grid: Grid, plan: Plan, g: GraphBuilder): Value {
  const [batch, height, width, channels] = images.shape as [number, number, number, number];
  const [rows, columns] = dy.shape.slice(1, 3) as [number, number];
  const upright = unblend(g.reshape(dy, [batch, rows, columns * channels]), height, plan(height, rows, grid), g);
  const lines = g.reshape(upright, [batch * height, columns, channels]);
  return g.reshape(unblend(lines, width, plan(width, columns, grid), g), images.shape);
}

/** Resizing of images [batch, height, width, channels], and its gradients. */
export const resizing = {
  ResizeBilinear: lower<tf.ResizeBilinearInputs, tf.ResizeBilinearAttrs>(({ images }, attributes, g) =>
    resize(g.cast(images, 'float32'), attributes.size, attributes, linear, g),
  ),
  ResizeBilinearGrad: lower<tf.ResizeBilinearGradInputs, tf.ResizeBilinearGradAttrs>(({ images, dy }, attributes, g) =>
    resizeGradient(images, dy, attributes, linear, g),
  ),
  ResizeNearestNeighbor: lower<tf.ResizeNearestNeighborInputs, tf.ResizeNearestNeighborAttrs>(({ images }, attributes, g) =>
    resize(images, attributes.size, attributes, nearest, g),
  ),
  ResizeNearestNeighborGrad: lower<tf.ResizeNearestNeighborGradInputs, tf.ResizeNearestNeighborGradAttrs>(({ images, dy }, attributes, g) =>
    resizeGradient(images, dy, attributes, nearest, g),
  ),
};

import type * as tf from '@tensorflow/tfjs';
import type { GraphBuilder } from '../builder.js';
import { constantValue } from '../constants.js';
import type { Value } from '../graph.js';
import { lower } from './lowering.js';
import { matrixProduct } from './matrix-products.js';

/** Sums over the channels (the last axis) within `radius` of each: a product with a band of ones. */
function sumNearby(x: Value, radius: number, g: GraphBuilder): Value {
  const channels = x.shape.at(-1)!;
  const band = Float32Array.from({ length: channels * channels }, (_, i) =>
    Number(Math.abs(Math.floor(i / channels) - (i % channels)) <= radius),
  );
  return matrixProduct(x, constantValue(band, [channels, channels], 'float32'), false, false, g);
}

/** `bias + alpha · (sum of nearby squares)`, which local response normalization raises to `-beta`. */
function responseNorm(x: Value, { depthRadius, bias, alpha }: tf.LRNAttrs, g: GraphBuilder): Value {
  const squares = sumNearby(g.binary('Mul', x, x), depthRadius, g);
  return g.binary('Add', g.binary('Mul', squares, g.scalar(alpha)), g.scalar(bias));
}

/** Normalization with given statistics, and by the response of nearby channels. */
export const normalization = {
  FusedBatchNorm: lower<
    { x: tf.TensorInfo; mean: tf.TensorInfo; variance: tf.TensorInfo; scale?: tf.TensorInfo; offset?: tf.TensorInfo },
    tf.FusedBatchNormAttrs
  >(({ x, mean, variance, scale, offset }, { varianceEpsilon }, g) => {
    const deviation = g.unary('Sqrt', g.binary('Add', variance, g.scalar(varianceEpsilon)));
    const normal = g.binary('Div', g.binary('Sub', x, mean), deviation);
    const scaled = scale === undefined ? normal : g.binary('Mul', normal, scale);
    return offset === undefined ? scaled : g.binary('Add', scaled, offset);
  }),
  LRN: lower<tf.LRNInputs, tf.LRNAttrs>(({ x }, attributes, g) =>
    g.binary('Mul', x, g.binary('Pow', responseNorm(x, attributes, g), g.scalar(-attributes.beta))),
  ),
  LRNGrad: lower<tf.LRNGradInputs, tf.LRNGradAttrs>(({ x, y, dy }, attributes, g) => {
    const norm = responseNorm(x, attributes, g);
    const direct = g.binary('Mul', dy, g.binary('Pow', norm, g.scalar(-attributes.beta)));
    // every channel nearby also sees x in its norm
    const through = sumNearby(g.binary('Div', g.binary('Mul', dy, y), norm), attributes.depthRadius, g);
    const factor = g.scalar(2 * attributes.alpha * attributes.beta);
    return g.binary('Sub', direct, g.binary('Mul', g.binary('Mul', through, x), factor));
  }),
};

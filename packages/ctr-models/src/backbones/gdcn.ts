import * as tf from '@tensorflow/tfjs';
import type { Backbone } from './backbone.js';
import {
  aroundCross,
  crossBlocks,
  crossOptions,
  initAroundCross,
  initCross,
  type AroundCrossParameters,
  type CrossOptions,
} from './cross.js';
import { uniformBlocks } from './initializers.js';
import { linear, mlpNoise, type LayerParameters } from './mlp.js';

/** Options of {@link gdcn}. */
export type GdcnOptions = CrossOptions;

/** Parameters of {@link gdcn}. */
export type GdcnParameters = AroundCrossParameters & {
  /** The gated cross network: W_c and b. */
  readonly cross: readonly LayerParameters[];
  /** The information gate of each layer, W_g: [width, width] */
  readonly gates: readonly tf.Tensor2D[];
};

/**
 * Gated Deep & Cross Network (Wang et al. 2023, "Towards Deeper, Lighter and Interpretable Cross Network for CTR Prediction", CIKM): a
 * cross network whose layers let through of each product what a gate finds useful, beside the ReLU network (GDCN-P) or below it (GDCN-S).
 * A first-order term is added, as in the other backbones here, unless `firstOrder` is false.
 */
export const gdcn: Backbone<GdcnParameters, GdcnOptions> = {
  name: 'gdcn',
  description: 'GDCN: cross layers with an information gate, beside or below a ReLU network',
  options: crossOptions,
  usesEmbeddings: true,
  init(schema, options, rng) {
    const { blocks, deviation } = crossBlocks(schema, options);
    const gate = (layer: number) => uniformBlocks(blocks, blocks, deviation, rng.fork('gate', layer));
    return {
      ...initAroundCross(schema, options, rng),
      cross: initCross(schema, options, rng.fork('cross')),
      gates: Array.from({ length: options.crossLayers }, (_, layer) => gate(layer)),
    };
  },
  logits: (params, batch) =>
    aroundCross(params, batch, (first) =>
      params.cross.reduce((x, layer, at): tf.Tensor2D => {
        // c_{l+1} = c_0 * (W_c c_l + b) * sigmoid(W_g c_l) + c_l: feature crossing, then the information gate
        const gate = tf.sigmoid(tf.matMul(x, params.gates[at]!)); // [batch, width]
        return tf.add(tf.mul(tf.mul(first, linear(x, layer)), gate), x);
      }, first),
    ),
  noise: mlpNoise,
};

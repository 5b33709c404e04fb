import { atMost } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
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
import { oneBlock, uniformBlocks, zeros } from './initializers.js';
import { linear, mlpNoise, type LayerParameters } from './mlp.js';

/** Options of {@link dcnV2}; the paper has 2 to 4 cross layers. */
export interface DcnV2Options extends CrossOptions {
  /** Rank of the matrices of the cross layers; null = full. Default null. */
  readonly rank: number | null;
}

const options = crossOptions.extend({
  rank: z
    .int()
    .min(1)
    .max(65_536, atMost(65_536, 'there are no wider layers'))
    .nullable()
    .default(null)
    .describe('rank of the matrices of the cross layers, for wide inputs; null = full'),
});

/** A cross layer of full or of low rank. */
export type CrossLayerParameters =
  | LayerParameters
  | {
      /** V, [width, rank] */
      readonly down: tf.Tensor2D;
      /** U and b, [rank, width] and [width] */
      readonly up: LayerParameters;
    };

/** Parameters of {@link dcnV2}. */
export type DcnV2Parameters = AroundCrossParameters & {
  /** The cross network. */
  readonly cross: readonly CrossLayerParameters[];
};

/**
 * DCN V2 (Wang et al. 2021, "DCN V2: Improved Deep & Cross Network and Practical Lessons for Web-scale Learning to Rank Systems", WWW):
 * each cross layer multiplies all features by a mixture of all features once more, beside or below a ReLU network. A first-order term is
 * added, as in the other backbones here, unless `firstOrder` is false. Mixtures of low-rank experts (equation 4) are left out.
 */
export const dcnV2: Backbone<DcnV2Parameters, DcnV2Options> = {
  name: 'dcnv2',
  description: 'DCN V2: cross layers, which multiply all features by mixtures of them, beside or below a ReLU network',
  options,
  usesEmbeddings: true,
  init(schema, given, rng) {
    const { rank, crossLayers } = given;
    const { blocks, deviation } = crossBlocks(schema, given);
    const stream = rng.fork('cross');
    const lowRank = (layer: number, of: number) => ({
      down: uniformBlocks(blocks, oneBlock(of), deviation, stream.fork('down', layer)),
      up: {
        weights: uniformBlocks(oneBlock(of), blocks, 1 / Math.sqrt(of), stream.fork('up', layer)),
        bias: zeros([blocks.names.length * blocks.width]),
      },
    });
    const layers =
      rank === null ? initCross(schema, given, stream) : Array.from({ length: crossLayers }, (_, layer) => lowRank(layer, rank));
    return { ...initAroundCross(schema, given, rng), cross: layers };
  },
  logits: (params, batch) =>
    aroundCross(params, batch, (first) =>
      params.cross.reduce((x, layer): tf.Tensor2D => {
        // x_{l+1} = x_0 * (W x_l + b) + x_l (equation 1); of low rank W = U V^T (equation 2)
        const mixture = 'down' in layer ? linear(tf.matMul(x, layer.down), layer.up) : linear(x, layer); // [batch, width]
        return tf.add(tf.mul(first, mixture), x);
      }, first),
    ),
  noise: mlpNoise,
};

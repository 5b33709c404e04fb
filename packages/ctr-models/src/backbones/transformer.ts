import { atMost, type Rng } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { headOptions, initHeads, perEvent, type HeadOptions } from './attention.js';
import type { HostParameters } from './backbone.js';
import { uniform, zeros } from './initializers.js';
import { initLayerNorm, type LayerNormParameters } from './layer-norm.js';
import type { LayerParameters } from './mlp.js';

/** Options of a transformer over past events, for backbones to have among theirs. */
export const transformerOptions = headOptions.extend({
  transformerBlocks: z
    .int()
    .min(1)
    .max(32, atMost(32, 'deeper ones want more data than histories are'))
    .default(1)
    .describe('transformer blocks over past events'),
});

/** What {@link transformerOptions} give. */
export interface TransformerOptions extends HeadOptions {
  /** Blocks. Default 1. */
  readonly transformerBlocks: number;
}

/** A transformer block of heads * units components. */
export type TransformerBlockParameters = {
  /** W^Q: [width, heads, units] */
  readonly query: tf.Tensor3D;
  /** W^K: [width, heads, units] */
  readonly key: tf.Tensor3D;
  /** W^V: [width, heads, units] */
  readonly value: tf.Tensor3D;
  /** The normalization at the attention. */
  readonly attentionNorm: LayerNormParameters;
  /** The feed-forward network's first layer. */
  readonly first: LayerParameters;
  /** Its second layer. */
  readonly second: LayerParameters;
  /** The normalization at the feed-forward network. */
  readonly forwardNorm: LayerNormParameters;
};

/** Matrices at 1 / sqrt(in), normalizations that change nothing, biases zero. */
function initTransformerBlock(options: HeadOptions, rng: Rng): HostParameters<TransformerBlockParameters> {
  const width = options.heads * options.headUnits;
  const heads = (name: string) => initHeads(width, options, rng.fork(name));
  const layer = (name: string) => ({ weights: uniform([width, width], 1 / Math.sqrt(width), rng.fork(name)), bias: zeros([width]) });
  return {
    query: heads('query'),
    key: heads('key'),
    value: heads('value'),
    attentionNorm: initLayerNorm([width]),
    first: layer('first'),
    second: layer('second'),
    forwardNorm: initLayerNorm([width]),
  };
}

/** As many blocks as the options say, each with a stream of its own. */
export function initTransformerBlocks(options: TransformerOptions, rng: Rng): HostParameters<TransformerBlockParameters>[] {
  return Array.from({ length: options.transformerBlocks }, (_, block) => initTransformerBlock(options, rng.fork('block', block)));
}

/** x W + b for each event: [batch, L, in] to [batch, L, out]. */
export function linearPerEvent(x: tf.Tensor3D, { weights, bias }: LayerParameters): tf.Tensor3D {
  return tf.add(perEvent(x, weights), bias);
}

/** The rows of a table of positions by recency; events older than the table share its last: [batch, L] to [batch, L, width]. */
export function positionsOf(table: tf.Tensor2D, recency: tf.Tensor2D): tf.Tensor3D {
  return tf.gather<tf.Tensor>(table, tf.cast(tf.clipByValue(recency, 0, table.shape[0] - 1), 'int32')) as tf.Tensor3D;
}

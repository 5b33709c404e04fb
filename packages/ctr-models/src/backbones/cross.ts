import { atMost, type Rng } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { FeatureSchema } from '../features/schema.js';
import type { BackboneOptions, FeatureBatch, HostParameters } from './backbone.js';
import { beside, deepBlocks, fieldEmbeddings, fieldNames, initFields, silentFields, type FieldParameters } from './fields.js';
import { deepOptions, initFirstOrder, plusFirstOrder, type DeepOptions, type FirstOrderParameters } from './first-order.js';
import { oneBlock, uniformBlocks, zeros, type Blocks } from './initializers.js';
import { initMlp, mlp, type LayerParameters } from './mlp.js';

/** Options of a cross network beside or below a ReLU network. */
export const crossOptions = deepOptions.extend({
  crossLayers: z
    .int()
    .min(1)
    .max(32, atMost(32, 'each layer raises the order of products by one'))
    .default(3)
    .describe('cross layers; each lets features meet once more'),
  structure: z
    .enum(['parallel', 'stacked'])
    .default('parallel')
    .describe('parallel = the cross network beside the ReLU network, stacked = below it'),
});

/** What {@link crossOptions} give. */
export interface CrossOptions extends DeepOptions {
  /** Cross layers. Default 3. */
  readonly crossLayers: number;
  /** Where the cross network stands. Default `parallel`. */
  readonly structure: 'parallel' | 'stacked';
}

/** What is around a cross network. */
export type AroundCrossParameters = FirstOrderParameters & {
  /** Embeddings of what is not in a table. */
  readonly fields: FieldParameters;
  /** From the crossed features to the logit, where the networks stand side by side: [fields * embedding, 1] */
  readonly crossed?: tf.Tensor2D;
  /** Hidden layers and the output layer. */
  readonly mlp: readonly LayerParameters[];
};

/** The features that are crossed as blocks, and the deviation of a matrix that maps them to as many. */
export function crossBlocks(schema: FeatureSchema, { embeddingDimension, fusion }: BackboneOptions): { blocks: Blocks; deviation: number } {
  const names = fieldNames(schema, fusion);
  const deviation = 1 / Math.sqrt((names.length - silentFields(schema, fusion)) * embeddingDimension);
  return { blocks: { names, width: embeddingDimension }, deviation };
}

/** Initial values of what is around a cross network. */
export function initAroundCross(
  schema: FeatureSchema,
  options: CrossOptions & BackboneOptions,
  rng: Rng,
): HostParameters<AroundCrossParameters> {
  const { blocks, deviation } = crossBlocks(schema, options);
  return {
    ...initFirstOrder(schema, options),
    fields: initFields(schema, options, rng.fork('fields')),
    ...(options.structure === 'parallel' ? { crossed: uniformBlocks(blocks, oneBlock(1), deviation, rng.fork('crossed')) } : {}),
    mlp: initMlp({ ...deepBlocks(schema, options), hidden: options.hidden }, rng.fork('mlp')),
  };
}

/** The square matrices of cross layers, and biases: zeros. */
export function initCross(schema: FeatureSchema, options: CrossOptions & BackboneOptions, rng: Rng): HostParameters<LayerParameters[]> {
  const { blocks, deviation } = crossBlocks(schema, options);
  return Array.from({ length: options.crossLayers }, (_, layer) => ({
    weights: uniformBlocks(blocks, blocks, deviation, rng.fork('layer', layer)),
    bias: zeros([blocks.names.length * blocks.width]),
  }));
}

/**
 * The log-odds [batch, 1] of a cross network and a ReLU network. Parallel: W [x_L; h] + b, whose two halves are summed here; stacked: the
 * ReLU network on x_L.
 *
 * @param cross the cross network, x_0 to x_L: [batch, fields * embedding]
 */
export function aroundCross(params: AroundCrossParameters, batch: FeatureBatch, cross: (x: tf.Tensor2D) => tf.Tensor2D): tf.Tensor2D {
  const embeddings = fieldEmbeddings(params.fields, batch); // [batch, fields, embedding]
  const flat: tf.Tensor2D = tf.reshape(embeddings, [embeddings.shape[0], -1]); // [batch, fields * embedding]
  const crossed = cross(flat); // [batch, fields * embedding]
  const below = params.crossed === undefined ? crossed : flat;
  const deep = mlp(params.mlp, beside(params.fields, below, batch), batch.noise); // [batch, 1]
  return plusFirstOrder(params, params.crossed === undefined ? deep : tf.add(tf.matMul(crossed, params.crossed), deep), batch);
}

import type { Rng } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { denseFeatures, numericFeatures, tableFeatures, type FeatureSchema } from '../features/schema.js';
import type { BackboneOptions, FeatureBatch, HostParameters } from './backbone.js';
import { uniform, zeros } from './initializers.js';

/** Standard deviation of freshly initialized embeddings. */
export const EMBEDDING_DEVIATION = 0.01;

/** First-order weights of what is not in a table. */
export type LinearParameters = {
  /** [1] */
  readonly bias: tf.Tensor1D;
  /** [numeric features, 1]; absent where there are none. */
  readonly numeric?: tf.Tensor2D;
  /** By dense feature: [dimension, 1]. */
  readonly dense: Readonly<Record<string, tf.Tensor2D>>;
};

/** Field embeddings of what is not in a table. */
export type FieldParameters = {
  /** A vector for each numeric feature, multiplied by its value: [1, numeric features, embedding]; absent where there are none. */
  readonly numeric?: tf.Tensor3D;
  /** A projection for each dense feature: [dimension, embedding]. */
  readonly dense: Readonly<Record<string, tf.Tensor2D>>;
};

/** All zeros: the prediction starts at 1/2. */
export function initLinear(schema: FeatureSchema): HostParameters<LinearParameters> {
  const numbers = numericFeatures(schema).length;
  return {
    bias: zeros([1]),
    ...(numbers > 0 ? { numeric: zeros([numbers, 1]) } : {}),
    dense: Object.fromEntries(denseFeatures(schema).map((f) => [f.name, zeros([f.dimension, 1])])),
  };
}

/** Small vectors for numbers; zero projections, so that a model with a dense feature starts as the model without it. */
export function initFields(schema: FeatureSchema, { embeddingDimension }: BackboneOptions, rng: Rng): HostParameters<FieldParameters> {
  const numbers = numericFeatures(schema).length;
  return {
    ...(numbers > 0 ? { numeric: uniform([1, numbers, embeddingDimension], EMBEDDING_DEVIATION, rng.fork('numeric')) } : {}),
    dense: Object.fromEntries(denseFeatures(schema).map((f) => [f.name, zeros([f.dimension, embeddingDimension])])),
  };
}

/** bias + sum of first-order terms: [batch, 1]. */
export function firstOrderTerm(params: LinearParameters, batch: FeatureBatch): tf.Tensor2D {
  let total: tf.Tensor = tf.add(params.bias, tf.sum(batch.firstOrder, 1, true)); // [batch, 1]
  if (params.numeric !== undefined && batch.numeric !== undefined) total = tf.add(total, tf.matMul(batch.numeric, params.numeric));
  for (const [name, weights] of Object.entries(params.dense)) total = tf.add(total, tf.matMul(batch.dense[name]!, weights));
  return total as tf.Tensor2D;
}

/**
 * One embedding for every feature: those of the tables, then value times vector for numbers, then projected dense vectors.
 * [batch, features, embedding], features in the order of {@link fieldNames}.
 */
export function fieldEmbeddings(params: FieldParameters, batch: FeatureBatch): tf.Tensor3D {
  const parts: tf.Tensor3D[] = [batch.embeddings];
  if (params.numeric !== undefined && batch.numeric !== undefined) {
    parts.push(tf.mul(tf.expandDims(batch.numeric, 2), params.numeric)); // [batch, numbers, embedding]
  }
  for (const [name, projection] of Object.entries(params.dense)) {
    parts.push(tf.expandDims(tf.matMul(batch.dense[name]!, projection), 1)); // [batch, 1, embedding]
  }
  return parts.length === 1 ? batch.embeddings : tf.concat(parts, 1);
}

/** The features in the order of {@link fieldEmbeddings}. */
export function fieldNames(schema: FeatureSchema): string[] {
  return [...tableFeatures(schema), ...numericFeatures(schema), ...denseFeatures(schema)].map((f) => f.name);
}

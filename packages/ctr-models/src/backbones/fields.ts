import type { Rng } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { denseFeatures, numericFeatures, tableFeatures, type DenseFeature, type FeatureSchema } from '../features/schema.js';
import type { BackboneOptions, FeatureBatch, Fusion, HostParameters } from './backbone.js';
import { gated, initGate, type GateParameters } from './gate.js';
import { uniform, zeros } from './initializers.js';
import type { MlpInit } from './mlp.js';

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

/** Field embeddings of what is not in a table. Which parts there are says how dense vectors enter ({@link Fusion}). */
export type FieldParameters = {
  /** A vector for each numeric feature, multiplied by its value: [1, numeric features, embedding]; absent where there are none. */
  readonly numeric?: tf.Tensor3D;
  /** A projection for each dense feature that is a field: [dimension, embedding]. */
  readonly dense: Readonly<Record<string, tf.Tensor2D>>;
  /** A gate for each of these, by fusion `gate`. */
  readonly gate?: {
    /** By feature name. */
    readonly dense: Readonly<Record<string, GateParameters>>;
  };
  /** A projection for each dense feature that enters the deep part beside the fields, by fusion `deep` and `both`: [dimension, embedding]. */
  readonly deep?: {
    /** By feature name. */
    readonly dense: Readonly<Record<string, tf.Tensor2D>>;
  };
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
export function initFields(
  schema: FeatureSchema,
  { embeddingDimension, fusion = 'field' }: BackboneOptions,
  rng: Rng,
): HostParameters<FieldParameters> {
  const numbers = numericFeatures(schema).length;
  const each = <T>(features: readonly DenseFeature[], make: (feature: DenseFeature) => T): Record<string, T> =>
    Object.fromEntries(features.map((feature) => [feature.name, make(feature)]));
  const projection = ({ dimension }: DenseFeature) => zeros([dimension, embeddingDimension]);
  const [asFields, besides] = [denseFields(schema, fusion), denseBesides(schema, fusion)];
  const gate = ({ dimension }: DenseFeature) => initGate(tableFeatures(schema).length * embeddingDimension, dimension, embeddingDimension);
  return {
    ...(numbers > 0 ? { numeric: uniform([1, numbers, embeddingDimension], EMBEDDING_DEVIATION, rng.fork('numeric')) } : {}),
    dense: each(asFields, projection),
    ...(fusion === 'gate' ? { gate: { dense: each(asFields, gate) } } : {}),
    ...(besides.length > 0 ? { deep: { dense: each(besides, projection) } } : {}),
  };
}

/** The dense vectors that are fields. */
function denseFields(schema: FeatureSchema, fusion: Fusion): DenseFeature[] {
  return fusion === 'deep' ? [] : denseFeatures(schema);
}

/** The dense vectors that enter the deep part beside the fields. */
function denseBesides(schema: FeatureSchema, fusion: Fusion): DenseFeature[] {
  return fusion === 'deep' || fusion === 'both' ? denseFeatures(schema) : [];
}

/** bias + sum of first-order terms: [batch, 1]. */
export function firstOrderTerm(params: LinearParameters, batch: FeatureBatch): tf.Tensor2D {
  let total: tf.Tensor = tf.add(params.bias, tf.sum(batch.firstOrder, 1, true)); // [batch, 1]
  if (params.numeric !== undefined && batch.numeric !== undefined) total = tf.add(total, tf.matMul(batch.numeric, params.numeric));
  for (const [name, weights] of Object.entries(params.dense)) total = tf.add(total, tf.matMul(batch.dense[name]!, weights));
  return total as tf.Tensor2D;
}

/**
 * One embedding for every field: those of the tables, then value times vector for numbers, then projected dense vectors.
 * [batch, fields, embedding], fields in the order of {@link fieldNames}.
 */
export function fieldEmbeddings(params: FieldParameters, batch: FeatureBatch): tf.Tensor3D {
  const parts: tf.Tensor3D[] = [batch.embeddings];
  if (params.numeric !== undefined && batch.numeric !== undefined) {
    parts.push(tf.mul(tf.expandDims(batch.numeric, 2), params.numeric)); // [batch, numbers, embedding]
  }
  for (const [name, projection] of Object.entries(params.dense)) {
    const vector = batch.dense[name]!; // [batch, dimension]
    const projected: tf.Tensor2D = tf.matMul(vector, projection); // [batch, embedding]
    const gate = params.gate?.dense[name];
    parts.push(tf.expandDims(gate === undefined ? projected : gated(gate, projected, vector, batch), 1)); // [batch, 1, embedding]
  }
  return parts.length === 1 ? batch.embeddings : tf.concat(parts, 1);
}

/** The fields in the order of {@link fieldEmbeddings}. */
export function fieldNames(schema: FeatureSchema, fusion: Fusion = 'field'): string[] {
  return [...tableFeatures(schema), ...numericFeatures(schema), ...denseFields(schema, fusion)].map((f) => f.name);
}

/** How many of the fields are no dense vectors. They come first. */
export function idFields({ embeddings, numeric }: FeatureBatch): number {
  return embeddings.shape[1] + (numeric?.shape[1] ?? 0);
}

/** How many fields start as zeros: the dense vectors among them, which come last. */
export function silentFields(schema: FeatureSchema, fusion: Fusion = 'field'): number {
  return denseFields(schema, fusion).length;
}

/** The dense vectors that enter the deep part beside the fields, as blocks of {@link deepInputs}. They start as zeros, too. */
export function besideNames(schema: FeatureSchema, fusion: Fusion = 'field'): string[] {
  return denseBesides(schema, fusion).map((f) => `${f.name}.deep`);
}

/** The inputs of a deep part that sees {@link deepInputs}, for `initMlp`. */
export function deepBlocks(schema: FeatureSchema, { embeddingDimension, fusion }: BackboneOptions): Omit<MlpInit, 'hidden'> {
  const [fields, besides] = [fieldNames(schema, fusion), besideNames(schema, fusion)];
  return {
    blocks: [...fields, ...besides],
    blockWidth: embeddingDimension,
    silentBlocks: silentFields(schema, fusion) + besides.length,
  };
}

/** All field embeddings side by side, and what enters the deep part beside them: [batch, blocks * embedding]. */
export function deepInputs(params: FieldParameters, embeddings: tf.Tensor3D, batch: FeatureBatch): tf.Tensor2D {
  const flat: tf.Tensor2D = tf.reshape(embeddings, [embeddings.shape[0], -1]); // [batch, fields * embedding]
  return beside(params, flat, batch);
}

/** `inputs` of a deep part with the dense vectors that enter it beside the fields behind them. */
export function beside({ deep }: FieldParameters, inputs: tf.Tensor2D, batch: FeatureBatch): tf.Tensor2D {
  if (deep === undefined) return inputs;
  const projected = Object.entries(deep.dense).map(([name, projection]) => tf.matMul(batch.dense[name]!, projection)); // [batch, embedding]
  return tf.concat2d([inputs, ...(projected as tf.Tensor2D[])], 1);
}

import { atMost, type Rng } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Backbone, BackboneOptions } from './backbone.js';
import { deepBlocks, deepInputs, fieldEmbeddings, fieldNames, firstOrderTerm, initFields, initLinear, silentFields } from './fields.js';
import type { FmParameters } from './fm.js';
import { oneBlock, uniform, uniformBlocks } from './initializers.js';
import { initMlp, mlp, mlpNoise, mlpOptions, type LayerParameters, type MlpOptions } from './mlp.js';
import type { FeatureSchema } from '../features/schema.js';

/** Options of {@link xDeepFm}; the paper has hidden [400, 400] and 200 feature maps in each of up to 3 layers. */
export interface XDeepFmOptions extends MlpOptions {
  /** Feature maps of each layer of the compressed interaction network. Default [16, 16]. */
  readonly featureMaps: readonly number[];
}

const options = mlpOptions.extend({
  featureMaps: z
    .array(z.int().min(1).max(4096, atMost(4096, 'a layer has as many weights as the product of its maps, those before and the fields')))
    .min(1)
    .max(16, atMost(16, 'each layer raises the order of products by one'))
    .default([16, 16])
    .describe('feature maps of each layer of the compressed interaction network; a layer more lets features meet once more'),
});

/** Parameters of {@link xDeepFm}. */
export type XDeepFmParameters = FmParameters & {
  /** W of each layer of the compressed interaction network: [maps before * fields, maps] */
  readonly cin: readonly tf.Tensor2D[];
  /** From the sums of all feature maps to the logit: [all maps, 1] */
  readonly output: tf.Tensor2D;
  /** Hidden layers and the output layer. */
  readonly mlp: readonly LayerParameters[];
};

/**
 * xDeepFM (Lian et al. 2018, "xDeepFM: Combining Explicit and Implicit Feature Interactions for Recommender Systems", KDD): first order, a
 * compressed interaction network, whose layers multiply field embeddings component by component once more, and a ReLU network.
 */
export const xDeepFm: Backbone<XDeepFmParameters, XDeepFmOptions> = {
  name: 'xdeepfm',
  description: 'xDeepFM: first order, a compressed interaction network and a ReLU network on shared field embeddings',
  options,
  usesEmbeddings: true,
  init(schema, given, rng) {
    const maps = given.featureMaps.reduce((sum, count) => sum + count, 0);
    return {
      linear: initLinear(schema),
      fields: initFields(schema, given, rng.fork('fields')),
      cin: initCin(schema, given, rng.fork('cin')),
      output: uniform([maps, 1], 1 / Math.sqrt(maps), rng.fork('output')),
      mlp: initMlp({ ...deepBlocks(schema, given), hidden: given.hidden }, rng.fork('mlp')),
    };
  },
  logits({ linear, fields, cin, output, mlp: layers }, batch) {
    const embeddings = fieldEmbeddings(fields, batch); // [batch, fields, embedding]
    const explicit: tf.Tensor2D = tf.matMul(interactions(embeddings, cin), output); // [batch, 1]
    const implicit = mlp(layers, deepInputs(fields, embeddings, batch), batch.noise); // [batch, 1]
    return tf.add(tf.add(firstOrderTerm(linear, batch), explicit), implicit); // equation 9
  },
  noise: mlpNoise,
};

/** p+, the sums over components of all feature maps (equations 6 and 7 and section 3.2): [batch, all maps]. */
function interactions(embeddings: tf.Tensor3D, cin: readonly tf.Tensor2D[]): tf.Tensor2D {
  const [batch, fields, dimension] = embeddings.shape;
  const x0 = tf.transpose(embeddings, [0, 2, 1]); // [batch, embedding, fields]
  const sums: tf.Tensor2D[] = [];
  let x = x0; // [batch, embedding, maps before]
  for (const weights of cin) {
    const [before, maps] = [x.shape[2], weights.shape[1]];
    // X^k_h = sum over i, j of W^{k,h}_ij (X^{k-1}_i * X^0_j), equation 6
    const products = tf.mul(tf.expandDims(x, 3), tf.expandDims(x0, 2)); // [batch, embedding, maps before, fields]
    const flat: tf.Tensor2D = tf.reshape(products, [batch * dimension, before * fields]);
    x = tf.reshape(tf.matMul(flat, weights), [batch, dimension, maps]);
    sums.push(tf.sum(x, 1));
  }
  return tf.concat2d(sums, 1);
}

function initCin(schema: FeatureSchema, { featureMaps, fusion }: XDeepFmOptions & BackboneOptions, rng: Rng) {
  const names = fieldNames(schema, fusion);
  const heard = names.length - silentFields(schema, fusion);
  let before = names;
  return featureMaps.map((maps, layer) => {
    const pairs = { names: before.flatMap((i) => names.map((j) => `${i} * ${j}`)), width: 1 };
    const weights = uniformBlocks(
      pairs,
      oneBlock(maps),
      1 / Math.sqrt((layer === 0 ? heard : before.length) * heard),
      rng.fork('layer', layer),
    );
    before = Array.from({ length: maps }, (_, map) => String(map));
    return weights;
  });
}

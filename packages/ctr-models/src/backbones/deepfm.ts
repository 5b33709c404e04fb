import * as tf from '@tensorflow/tfjs';
import type { Backbone } from './backbone.js';
import { deepBlocks, deepInputs, fieldEmbeddings, firstOrderTerm, initFields, initLinear } from './fields.js';
import { pairwiseInteractions, type FmParameters } from './fm.js';
import { initMlp, mlp, mlpNoise, mlpOptions, type LayerParameters, type MlpOptions } from './mlp.js';

/** Options of {@link deepFm}; the paper has hidden [400, 400, 400] and dropout 0.5. */
export type DeepFmOptions = MlpOptions;

/** Parameters of {@link deepFm}. */
export type DeepFmParameters = FmParameters & {
  /** Hidden layers and the output layer. */
  readonly mlp: readonly LayerParameters[];
};

/**
 * DeepFM (Guo et al. 2017, IJCAI, equations 1 to 4): first order + factorization machine + ReLU network, the two latter on the
 * same field embeddings. Numbers enter as value times vector, dense vectors through a learned projection.
 */
export const deepFm: Backbone<DeepFmParameters, DeepFmOptions> = {
  name: 'deepfm',
  description: 'DeepFM: first order, factorization machine and a ReLU network on shared field embeddings',
  options: mlpOptions,
  usesEmbeddings: true,
  init: (schema, options, rng) => ({
    linear: initLinear(schema),
    fields: initFields(schema, options, rng.fork('fields')),
    mlp: initMlp({ ...deepBlocks(schema, options), hidden: options.hidden }, rng.fork('mlp')),
  }),
  logits({ linear, fields, mlp: layers }, batch) {
    const embeddings = fieldEmbeddings(fields, batch); // [batch, features, embedding]
    const deep = mlp(layers, deepInputs(fields, embeddings, batch), batch.noise); // [batch, 1]
    return tf.addN([firstOrderTerm(linear, batch), pairwiseInteractions(embeddings), deep]);
  },
  noise: mlpNoise,
};

import * as tf from '@tensorflow/tfjs';
import type { Backbone } from './backbone.js';
import { deepInputs, fieldEmbeddings, firstOrderTerm } from './fields.js';
import { pairwiseInteractions } from './fm.js';
import { mlp, mlpNoise, mlpOptions, type MlpOptions } from './mlp.js';
import { wideAndDeep, type WideAndDeepParameters } from './wide-and-deep.js';

/** Options of {@link deepFm}; the paper has hidden [400, 400, 400] and dropout 0.5. */
export type DeepFmOptions = MlpOptions;

/** Parameters of {@link deepFm}: the factorization machine has none of its own. */
export type DeepFmParameters = WideAndDeepParameters;

/**
 * DeepFM (Guo et al. 2017, IJCAI, equations 1 to 4): first order + factorization machine + ReLU network, the two latter on the
 * same field embeddings. Numbers enter as value times vector, dense vectors through a learned projection.
 */
export const deepFm: Backbone<DeepFmParameters, DeepFmOptions> = {
  name: 'deepfm',
  description: 'DeepFM: first order, factorization machine and a ReLU network on shared field embeddings',
  options: mlpOptions,
  usesEmbeddings: true,
  init: (schema, options, rng) => wideAndDeep.init(schema, options, rng),
  logits({ linear, fields, mlp: layers }, batch) {
    const embeddings = fieldEmbeddings(fields, batch); // [batch, features, embedding]
    const deep = mlp(layers, deepInputs(fields, embeddings, batch), batch.noise); // [batch, 1]
    return tf.addN([firstOrderTerm(linear, batch), pairwiseInteractions(embeddings), deep]);
  },
  noise: mlpNoise,
};

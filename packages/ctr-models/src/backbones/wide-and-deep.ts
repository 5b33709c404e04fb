import * as tf from '@tensorflow/tfjs';
import type { Backbone } from './backbone.js';
import { deepBlocks, deepInputs, fieldEmbeddings, firstOrderTerm, initFields, initLinear } from './fields.js';
import type { FmParameters } from './fm.js';
import { initMlp, mlp, mlpNoise, mlpOptions, type LayerParameters, type MlpOptions } from './mlp.js';

/** Options of {@link wideAndDeep}; the paper has hidden [1024, 512, 256]. */
export type WideAndDeepOptions = MlpOptions;

/** Parameters of {@link wideAndDeep}. */
export type WideAndDeepParameters = FmParameters & {
  /** Hidden layers and the output layer. */
  readonly mlp: readonly LayerParameters[];
};

/**
 * Wide & Deep (Cheng et al. 2016, "Wide & Deep Learning for Recommender Systems", DLRS): a linear model and a ReLU network on field
 * embeddings, trained together. The wide part sees the values themselves; products of features, which the paper crafts for its data, are
 * no part of it.
 */
export const wideAndDeep: Backbone<WideAndDeepParameters, WideAndDeepOptions> = {
  name: 'wide-and-deep',
  description: 'Wide & Deep: first order and a ReLU network on field embeddings',
  options: mlpOptions,
  usesEmbeddings: true,
  init: (schema, options, rng) => ({
    linear: initLinear(schema),
    fields: initFields(schema, options, rng.fork('fields')),
    mlp: initMlp({ ...deepBlocks(schema, options), hidden: options.hidden }, rng.fork('mlp')),
  }),
  logits({ linear, fields, mlp: layers }, batch) {
    const inputs = deepInputs(fields, fieldEmbeddings(fields, batch), batch); // [batch, features * embedding]
    // P(Y = 1 | x) = sigmoid(w_wide [x, phi(x)] + w_deep a + b), equation 3
    return tf.add(firstOrderTerm(linear, batch), mlp(layers, inputs, batch.noise)); // [batch, 1]
  },
  noise: mlpNoise,
};

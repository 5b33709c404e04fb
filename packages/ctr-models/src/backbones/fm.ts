import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Backbone } from './backbone.js';
import { fieldEmbeddings, firstOrderTerm, initFields, initLinear, type FieldParameters, type LinearParameters } from './fields.js';

/**
 * The second-order term of a factorization machine over field embeddings [batch, fields, embedding]:
 * sum over pairs i < j of <e_i, e_j> = 1/2 sum over components of ((sum of e)^2 - sum of e^2), in O(fields). [batch, 1]
 *
 * Rendle 2010, "Factorization Machines", lemma 3.1.
 */
export function pairwiseInteractions(embeddings: tf.Tensor3D): tf.Tensor2D {
  const squareOfSum = tf.square(tf.sum(embeddings, 1)); // [batch, embedding]
  const sumOfSquares = tf.sum(tf.square(embeddings), 1); // [batch, embedding]
  return tf.mul(0.5, tf.sum(tf.sub(squareOfSum, sumOfSquares), 1, true));
}

/** Parameters of {@link fm}. */
export type FmParameters = {
  /** First-order weights. */
  readonly linear: LinearParameters;
  /** Embeddings of what is not in a table. */
  readonly fields: FieldParameters;
};

/** Factorization machine: first order plus pairwise products of field embeddings (Rendle 2010, equation 1). */
export const fm: Backbone<FmParameters> = {
  name: 'fm',
  description: 'factorization machine: first order and products of all pairs of field embeddings',
  options: z.object({}),
  usesEmbeddings: true,
  init: (schema, options, rng) => ({ linear: initLinear(schema), fields: initFields(schema, options, rng.fork('fields')) }),
  logits: ({ linear, fields }, batch) => tf.add(firstOrderTerm(linear, batch), pairwiseInteractions(fieldEmbeddings(fields, batch))),
};

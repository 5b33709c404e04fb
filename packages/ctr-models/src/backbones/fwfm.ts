import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Backbone } from './backbone.js';
import { fieldEmbeddings, fieldNames, firstOrderTerm, initFields, initLinear } from './fields.js';
import type { FmParameters } from './fm.js';
import { filled } from './initializers.js';

/** Parameters of {@link fwfm}. */
export type FwfmParameters = FmParameters & {
  /** r, how strong the product of each pair of fields counts; what is above the diagonal is read: [fields, fields] */
  readonly strengths: tf.Tensor2D;
};

/**
 * Field-weighted factorization machine (Pan et al. 2018, "Field-weighted Factorization Machines for Click-Through Rate Prediction in
 * Display Advertising", WWW): products of all pairs of field embeddings, each pair of fields with a strength of its own. All strengths
 * start at 1, where it is a factorization machine.
 */
export const fwfm: Backbone<FwfmParameters> = {
  name: 'fwfm',
  description: 'field-weighted factorization machine: products of all pairs of field embeddings, each pair of fields by its strength',
  options: z.object({}),
  usesEmbeddings: true,
  init(schema, options, rng) {
    const fields = fieldNames(schema, options.fusion).length;
    return {
      linear: initLinear(schema),
      fields: initFields(schema, options, rng.fork('fields')),
      strengths: filled([fields, fields], 1),
    };
  },
  logits({ linear, fields, strengths }, batch) {
    const embeddings = fieldEmbeddings(fields, batch); // [batch, fields, embedding]
    const products = tf.matMul(embeddings, embeddings, false, true); // <v_i, v_j>: [batch, fields, fields]
    // w_0 + sum of w_i x_i + sum over i < j of <v_i, v_j> r(F_i, F_j) x_i x_j (the paper's definition of FwFM, section 3)
    const pairs: tf.Tensor2D = tf.expandDims(tf.sum(tf.mul(products, tf.mul(strengths, above(strengths.shape[0]))), [1, 2]), 1);
    return tf.add(firstOrderTerm(linear, batch), pairs); // [batch, 1]
  },
};

/** 1 above the diagonal, 0 elsewhere: [n, n]. */
function above(n: number): tf.Tensor2D {
  return tf.tensor2d(
    Float32Array.from({ length: n * n }, (_, at) => Number(at % n > Math.floor(at / n))),
    [n, n],
  );
}

import {
  denseFeatures,
  fieldEmbeddings,
  fieldNames,
  firstOrderTerm,
  initFields,
  initLinear,
  initMlp,
  mlp,
  type Backbone,
  type FieldParameters,
  type LayerParameters,
  type LinearParameters,
} from '@expctr/ctr-models';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';

type WideAndDeepParameters = {
  readonly linear: LinearParameters;
  readonly fields: FieldParameters;
  readonly mlp: readonly LayerParameters[];
};

const options = z.object({ layers: z.array(z.int().min(1)).default([32]).describe('widths of the hidden layers') });

/** Wide & Deep (Cheng et al. 2016): a linear model and a network over the field embeddings, added. */
export const wideAndDeep: Backbone<WideAndDeepParameters, z.output<typeof options>> = {
  name: 'wide-and-deep',
  description: 'Wide & Deep: a linear model and a network over the field embeddings, added',
  options,
  usesEmbeddings: true,
  init: (schema, { layers, embeddingDimension }, rng) => ({
    linear: initLinear(schema),
    fields: initFields(schema, { embeddingDimension }, rng.fork('fields')),
    mlp: initMlp(
      { blocks: fieldNames(schema), blockWidth: embeddingDimension, silentBlocks: denseFeatures(schema).length, hidden: layers },
      rng.fork('mlp'),
    ),
  }),
  logits({ linear, fields, mlp: layers }, batch) {
    const embeddings = fieldEmbeddings(fields, batch); // [batch, features, embedding]
    const flat: tf.Tensor2D = tf.reshape(embeddings, [embeddings.shape[0], -1]);
    return tf.add(firstOrderTerm(linear, batch), mlp(layers, flat, batch.noise)); // [batch, 1]
  },
};

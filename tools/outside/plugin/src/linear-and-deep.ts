import {
  deepBlocks,
  deepInputs,
  fieldEmbeddings,
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

type LinearAndDeepParameters = {
  readonly linear: LinearParameters;
  readonly fields: FieldParameters;
  readonly mlp: readonly LayerParameters[];
};

const options = z.object({ layers: z.array(z.int().min(1)).default([32]).describe('widths of the hidden layers') });

/** As Wide & Deep (Cheng et al. 2016): a linear model and a network over the field embeddings, added. */
export const linearAndDeep: Backbone<LinearAndDeepParameters, z.output<typeof options>> = {
  name: 'linear-and-deep',
  description: 'a linear model and a network over the field embeddings, added',
  options,
  usesEmbeddings: true,
  init: (schema, given, rng) => ({
    linear: initLinear(schema),
    fields: initFields(schema, given, rng.fork('fields')),
    mlp: initMlp({ ...deepBlocks(schema, given), hidden: given.layers }, rng.fork('mlp')),
  }),
  logits({ linear, fields, mlp: layers }, batch) {
    const inputs = deepInputs(fields, fieldEmbeddings(fields, batch), batch); // [batch, features * embedding]
    return tf.add(firstOrderTerm(linear, batch), mlp(layers, inputs, batch.noise)); // [batch, 1]
  },
};

import { atMost } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { fromHeads, headOptions, initHeads, perEvent, toHeads, type HeadOptions } from './attention.js';
import type { Backbone, HostParameters } from './backbone.js';
import { deepBlocks, deepInputs, fieldEmbeddings, fieldNames, idFields, initFields, silentFields, type FieldParameters } from './fields.js';
import { deepOptions, initFirstOrder, plusFirstOrder, type DeepOptions, type FirstOrderParameters } from './first-order.js';
import { oneBlock, uniform, uniformBlocks } from './initializers.js';
import { initMlp, mlp, mlpNoise, type LayerParameters } from './mlp.js';

/** Options of {@link autoInt}; the paper has 3 layers of 2 heads of 32 units. */
export interface AutoIntOptions extends DeepOptions, HeadOptions {
  /** Interacting layers. Default 2. */
  readonly attentionLayers: number;
}

const options = deepOptions.extend(headOptions.shape).extend({
  attentionLayers: z
    .int()
    .min(1)
    .max(32, atMost(32, 'each layer raises the order of interactions'))
    .default(2)
    .describe('interacting layers; each lets fields meet once more'),
});

/** An interacting layer from `in` components to heads * units. */
export type InteractingLayerParameters = {
  /** W_Query: [in, heads, units] */
  readonly query: tf.Tensor3D;
  /** W_Key: [in, heads, units] */
  readonly key: tf.Tensor3D;
  /** W_Value: [in, heads, units] */
  readonly value: tf.Tensor3D;
  /** W_Res: [in, heads * units] */
  readonly residual: tf.Tensor2D;
};

/** Parameters of {@link autoInt}. */
export type AutoIntParameters = FirstOrderParameters & {
  /** Embeddings of what is not in a table. */
  readonly fields: FieldParameters;
  /** The interacting layers. */
  readonly layers: readonly InteractingLayerParameters[];
  /** From all fields of the last layer to the logit: [fields * heads * units, 1] */
  readonly output: tf.Tensor2D;
  /** Hidden layers and the output layer. */
  readonly mlp: readonly LayerParameters[];
};

/**
 * AutoInt+ (Song et al. 2019, "AutoInt: Automatic Feature Interaction Learning via Self-Attentive Neural Networks", CIKM): fields attend to
 * fields, beside a ReLU network. A first-order term is added, as in the other backbones here, unless `firstOrder` is false.
 *
 * Dense vectors attend to the other fields and are not attended to: even a constant one would take its share of every softmax, and a model
 * with a vector would not start as the model without it. What a constant one attends to is still one more field of the output.
 */
export const autoInt: Backbone<AutoIntParameters, AutoIntOptions> = {
  name: 'autoint',
  description: 'AutoInt+: fields attend to fields, beside a ReLU network',
  options,
  usesEmbeddings: true,
  init(schema, given, rng) {
    const { embeddingDimension, fusion, heads, headUnits, attentionLayers } = given;
    const width = heads * headUnits;
    const names = fieldNames(schema, fusion);
    const heard = names.length - silentFields(schema, fusion);
    const layer = (at: number): HostParameters<InteractingLayerParameters> => {
      const inputs = at === 0 ? embeddingDimension : width;
      const of = (name: string) => initHeads(inputs, given, rng.fork(name, at));
      return {
        query: of('query'),
        key: of('key'),
        value: of('value'),
        residual: uniform([inputs, width], 1 / Math.sqrt(inputs), rng.fork('residual', at)),
      };
    };
    const output = uniformBlocks({ names, width }, oneBlock(1), 1 / Math.sqrt(heard * width), rng.fork('output'));
    (output.data as Float32Array).fill(0, heard * width); // those of vectors
    return {
      ...initFirstOrder(schema, given),
      fields: initFields(schema, given, rng.fork('fields')),
      layers: Array.from({ length: attentionLayers }, (_, at) => layer(at)),
      output,
      mlp: initMlp({ ...deepBlocks(schema, given), hidden: given.hidden }, rng.fork('mlp')),
    };
  },
  logits(params, batch) {
    const embeddings = fieldEmbeddings(params.fields, batch); // [batch, fields, embedding]
    const keys = idFields(batch);
    const last = params.layers.reduce((e, layer) => interact(e, layer, keys), embeddings); // [batch, fields, heads * units]
    const attention: tf.Tensor2D = tf.matMul(tf.reshape(last, [last.shape[0], -1]), params.output); // equation 9, without its sigmoid
    const deep = mlp(params.mlp, deepInputs(params.fields, embeddings, batch), batch.noise);
    return plusFirstOrder(params, tf.add(attention, deep), batch); // [batch, 1]
  },
  noise: mlpNoise,
};

/** An interacting layer (equations 5 to 8) whose first `keys` fields are attended to. */
function interact(e: tf.Tensor3D, { query, key, value, residual }: InteractingLayerParameters, keys: number): tf.Tensor3D {
  const attended: tf.Tensor3D = tf.slice(e, [0, 0, 0], [-1, keys, -1]); // [batch, keys, in]
  // psi(e_m, e_k) = <W_Query e_m, W_Key e_k>, alpha its softmax over k (equation 5)
  const weights = tf.softmax(tf.matMul(toHeads(e, query), toHeads(attended, key), false, true)); // [batch, heads, fields, keys]
  const combined = fromHeads(tf.matMul(weights, toHeads(attended, value))); // equations 6 and 7: [batch, fields, heads * units]
  return tf.relu(tf.add(combined, perEvent(e, residual))); // equation 8
}

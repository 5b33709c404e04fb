import { atMost, type Rng } from '@expctr/core';
import type { HostTensor } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { CtrError } from '../errors.js';
import type { FeatureSchema } from '../features/schema.js';
import type { Backbone, BackboneOptions } from './backbone.js';
import { beside, besideNames, fieldEmbeddings, fieldNames, firstOrderTerm, initFields, initLinear, silentFields } from './fields.js';
import type { FmParameters } from './fm.js';
import { fillUniform, oneBlock, uniformBlocks, zeros } from './initializers.js';
import { initMlp, mlp, mlpNoise, mlpOptions, type LayerParameters, type MlpOptions } from './mlp.js';

/** Options of {@link fiBiNet}; the paper has hidden [400, 400, 400], dropout 0.5 and reduction 3. */
export interface FiBiNetOptions extends MlpOptions {
  /** Which matrices the products of pairs have. Default `interaction`. */
  readonly bilinear: 'all' | 'each' | 'interaction';
  /** By how much the number of fields is reduced where their importance is computed. Default 3. */
  readonly reduction: number;
}

const options = mlpOptions.extend({
  bilinear: z
    .enum(['all', 'each', 'interaction'])
    .default('interaction')
    .describe('matrices of the products of pairs: one for all, one for each field, or one for each interaction of two fields'),
  reduction: z
    .number()
    .min(1)
    .max(1e6, atMost(1e6, 'one unit is left'))
    .default(3)
    .describe("fields to a unit of the layer between, where the fields' importance is computed"),
});

/** Parameters of {@link fiBiNet}. */
export type FiBiNetParameters = FmParameters & {
  /** The squeeze-and-excitation network: W_1 [fields, reduced] and W_2 [reduced, fields]. */
  readonly senet: {
    /** W_1: [fields, fields / reduction] */
    readonly reduce: tf.Tensor2D;
    /** W_2: [fields / reduction, fields] */
    readonly restore: tf.Tensor2D;
  };
  /** W of the products of embeddings, [matrices, embedding, embedding]: how many there are says which pairs share one. */
  readonly original: tf.Tensor3D;
  /** The same for embeddings by importance. */
  readonly weighed: tf.Tensor3D;
  /** Hidden layers and the output layer. */
  readonly mlp: readonly LayerParameters[];
};

/**
 * FiBiNET (Huang et al. 2019, "FiBiNET: Combining Feature Importance and Bilinear feature Interaction for Click-Through Rate Prediction",
 * RecSys): bilinear products of all pairs of fields, of the embeddings and of the embeddings by their importance, go into a ReLU network.
 */
export const fiBiNet: Backbone<FiBiNetParameters, FiBiNetOptions> = {
  name: 'fibinet',
  description: 'FiBiNET: bilinear products of field embeddings and of the same by their importance, in a ReLU network',
  options,
  usesEmbeddings: true,
  init(schema, given, rng) {
    const { embeddingDimension, fusion, hidden, reduction } = given;
    const names = fieldNames(schema, fusion);
    const heard = names.length - silentFields(schema, fusion);
    const reduced = Math.max(1, Math.floor(heard / reduction));
    if (names.length < 2) {
      throw new CtrError('CTR_SCHEMA', 'there is no pair of fields', {
        where: 'fibinet',
        expected: 'two fields or more',
        remedy: 'add a feature, or choose another backbone',
      });
    }
    const pairs = pairsOf(names);
    const besides = besideNames(schema, fusion);
    return {
      linear: initLinear(schema),
      fields: initFields(schema, given, rng.fork('fields')),
      senet: {
        reduce: uniformBlocks({ names, width: 1 }, oneBlock(reduced), Math.sqrt(2 / heard), rng.fork('reduce')),
        restore: uniformBlocks(oneBlock(reduced), { names, width: 1 }, Math.sqrt(2 / reduced), rng.fork('restore')),
      },
      original: initBilinear(schema, given, rng.fork('original')),
      weighed: initBilinear(schema, given, rng.fork('weighed')),
      mlp: initMlp(
        {
          blocks: [...pairs.map((pair) => `original ${pair}`), ...pairs.map((pair) => `weighed ${pair}`), ...besides],
          blockWidth: embeddingDimension,
          silentBlocks: 2 * (pairs.length - pairsOf(names.slice(0, heard)).length) + besides.length,
          hidden,
        },
        rng.fork('mlp'),
      ),
    };
  },
  logits({ linear, fields, senet, original, weighed, mlp: layers }, batch) {
    const e = fieldEmbeddings(fields, batch); // [batch, fields, embedding]
    const squeezed = tf.mean(e, 2); // z_i, equation 2: [batch, fields]
    const importance = tf.relu(tf.matMul(tf.relu(tf.matMul(squeezed, senet.reduce)), senet.restore)); // A, equation 3: [batch, fields]
    const v: tf.Tensor3D = tf.mul(e, tf.expandDims(importance, 2)); // equation 4
    const products = tf.concat([bilinear(e, original), bilinear(v, weighed)], 1); // c, equation 8: [batch, 2 * pairs, embedding]
    const inputs: tf.Tensor2D = tf.reshape(products, [e.shape[0], -1]);
    return tf.add(firstOrderTerm(linear, batch), mlp(layers, beside(fields, inputs, batch), batch.noise)); // equation 10
  },
  noise: mlpNoise,
};

/** p_ij = v_i W * v_j for all i < j (equations 5 to 7): [batch, pairs, embedding]. */
function bilinear(v: tf.Tensor3D, weights: tf.Tensor3D): tf.Tensor3D {
  const [batch, fields, dimension] = v.shape;
  const [firsts, seconds] = pairsAt(fields);
  const ofEachPair = weights.shape[0] === firsts.length;
  const left: tf.Tensor3D = ofEachPair ? tf.gather(v, at(firsts), 1) : tf.slice(v, [0, 0, 0], [-1, fields - 1, -1]);
  const bent: tf.Tensor3D =
    weights.shape[0] === 1
      ? tf.reshape(tf.matMul(tf.reshape(left, [-1, dimension]), tf.squeeze(weights, [0])), [batch, -1, dimension])
      : tf.transpose(tf.matMul(tf.transpose(left, [1, 0, 2]), weights), [1, 0, 2]);
  return tf.mul(ofEachPair ? bent : tf.gather(bent, at(firsts), 1), tf.gather(v, at(seconds), 1));
}

function at(positions: readonly number[]): tf.Tensor1D {
  return tf.tensor1d([...positions], 'int32');
}

/** The positions i and j of all pairs i < j. */
function pairsAt(fields: number): readonly [firsts: number[], seconds: number[]] {
  const all = Array.from({ length: fields }, (_, i) => Array.from({ length: fields - i - 1 }, (_, k) => [i, i + 1 + k] as const)).flat();
  return [all.map(([i]) => i), all.map(([, j]) => j)];
}

function pairsOf(names: readonly string[]): string[] {
  const [firsts, seconds] = pairsAt(names.length);
  return firsts.map((i, k) => `${names[i]!} * ${names[seconds[k]!]!}`);
}

/** Glorot's deviation; every matrix has a stream of its own. */
function initBilinear(
  schema: FeatureSchema,
  { embeddingDimension: d, fusion, bilinear: kind }: FiBiNetOptions & BackboneOptions,
  rng: Rng,
): HostTensor {
  const fields = fieldNames(schema, fusion);
  const names = kind === 'all' ? ['all'] : kind === 'each' ? fields.slice(0, -1) : pairsOf(fields);
  const weights = zeros([names.length, d, d]);
  names.forEach((name, k) => {
    fillUniform((weights.data as Float32Array).subarray(k * d * d, (k + 1) * d * d), 1 / Math.sqrt(d), rng.fork(name));
  });
  return weights;
}

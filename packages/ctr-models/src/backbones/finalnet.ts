import type { Rng } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Backbone, HostParameters } from './backbone.js';
import { deepBlocks, deepInputs, fieldEmbeddings, fieldNames, initFields, silentFields, type FieldParameters } from './fields.js';
import { deepOptions, initFirstOrder, plusFirstOrder, type DeepOptions, type FirstOrderParameters } from './first-order.js';
import { filled, oneBlock, uniform, uniformBlocks, zeros } from './initializers.js';
import { dropoutName, dropped, hiddenWidth, linear, mlpNoise, type LayerParameters, type MlpInit } from './mlp.js';

/** Options of {@link finalNet}. */
export interface FinalNetOptions extends DeepOptions {
  /** Blocks whose log-odds are averaged. Default `two`. */
  readonly finalBlocks: 'one' | 'two';
  /** Whether the first block sees the features times a gate, too. Default false. */
  readonly gating: boolean;
}

const options = deepOptions.extend({
  finalBlocks: z.enum(['one', 'two']).default('two').describe('blocks of the size of hidden, whose log-odds are averaged'),
  gating: z.boolean().default(false).describe('whether the first block sees the features a second time, each field mixed with the others'),
});

/** A block of factorized interaction layers. */
export type FinalBlockParameters = {
  /** Each layer: [in, 2 * out], the linear half before the one that multiplies it. */
  readonly layers: readonly LayerParameters[];
  /** From the last layer to the logit. */
  readonly output: LayerParameters;
};

/** Parameters of {@link finalNet}. */
export type FinalNetParameters = FirstOrderParameters & {
  /** Embeddings of what is not in a table. */
  readonly fields: FieldParameters;
  /** The gate of the first block over fields, component by component: [fields, fields]; absent without. */
  readonly gate?: LayerParameters;
  /** One block or two. */
  readonly blocks: readonly FinalBlockParameters[];
};

/**
 * FinalNet (Zhu et al. 2023, "FINAL: Factorized Interaction Layer for CTR Prediction", SIGIR): layers that multiply two linear maps of what
 * they see take the place of ReLU layers, so that each doubles the degree of interactions; the log-odds of two such blocks are averaged.
 *
 * Left out: batch normalization, for a backbone must not mix rows, and the loss by which each of two blocks also learns from their
 * average, for a backbone says log-odds and no loss. A first-order term is added, as in the other backbones here, unless `firstOrder` is false.
 */
export const finalNet: Backbone<FinalNetParameters, FinalNetOptions> = {
  name: 'finalnet',
  description: 'FinalNet: layers that multiply two linear maps of what they see, in one block or two',
  options,
  usesEmbeddings: true,
  init(schema, given, rng) {
    const inputs = deepBlocks(schema, given);
    const fields = fieldNames(schema, given.fusion);
    const gated = {
      ...inputs,
      blocks: [...inputs.blocks, ...fields.map((name) => `gated ${name}`)],
      silentBlocks: inputs.silentBlocks + silentFields(schema, given.fusion),
    };
    const block = (of: typeof inputs, k: number) => {
      const width = hiddenWidth({ ...of, hidden: given.hidden });
      return {
        layers: initFactorized({ ...of, hidden: given.hidden }, rng.fork('block', k)),
        output: { weights: uniform([width, 1], 1 / Math.sqrt(width), rng.fork('output', k)), bias: zeros([1]) },
      };
    };
    const first = block(given.gating ? gated : inputs, 0);
    return {
      ...initFirstOrder(schema, given),
      fields: initFields(schema, given, rng.fork('fields')),
      ...(given.gating ? { gate: { weights: zeros([fields.length, fields.length]), bias: filled([fields.length], 1) } } : {}),
      blocks: given.finalBlocks === 'one' ? [first] : [first, block(inputs, 1)],
    };
  },
  logits(params, batch) {
    const { fields, gate, blocks } = params;
    const embeddings = fieldEmbeddings(fields, batch); // [batch, fields, embedding]
    const flat = deepInputs(fields, embeddings, batch);
    const each = blocks.map(({ layers, output }, k) => {
      const inputs = k === 0 && gate !== undefined ? tf.concat2d([flat, gatedFields(embeddings, gate)], 1) : flat;
      return linear(
        layers.reduce((x, layer, at) => dropped(factorized(x, layer), batch.noise?.[dropoutName(at, BLOCKS[k])]), inputs),
        output,
      );
    });
    return plusFirstOrder(params, tf.div(tf.addN(each), each.length), batch); // [batch, 1]
  },
  noise: ({ finalBlocks, ...given }) => ({
    ...mlpNoise(given, BLOCKS[0]),
    ...(finalBlocks === 'two' ? mlpNoise(given, BLOCKS[1]) : {}),
  }),
};

/** Names of the blocks' dropout masks. */
const BLOCKS = ['first', 'second'] as const;

/** The factorized interaction layer y = h + h * g, h and g the two halves of x W + b: [batch, in] to [batch, out]. */
function factorized(x: tf.Tensor2D, layer: LayerParameters): tf.Tensor2D {
  const [h, g] = tf.split(linear(x, layer), 2, 1) as [tf.Tensor2D, tf.Tensor2D];
  return tf.add(h, tf.mul(h, g));
}

/** Layers of twice their width, at 1 / sqrt(in); biases zero. */
function initFactorized({ blocks, blockWidth, silentBlocks, hidden }: MlpInit, rng: Rng): HostParameters<LayerParameters[]> {
  return hidden.map((width, layer) => {
    const inputs = layer === 0 ? { names: blocks, width: blockWidth } : oneBlock(hidden[layer - 1]!);
    const heard = layer === 0 ? (blocks.length - silentBlocks) * blockWidth : inputs.width;
    return {
      weights: uniformBlocks(inputs, oneBlock(2 * width), 1 / Math.sqrt(heard), rng.fork('layer', layer)),
      bias: zeros([2 * width]),
    };
  });
}

/** Field embeddings times gates, each component's a linear map of that component of all fields: [batch, fields * embedding]. */
function gatedFields(embeddings: tf.Tensor3D, { weights, bias }: LayerParameters): tf.Tensor2D {
  const [batch, fields, dimension] = embeddings.shape;
  const byComponent = tf.reshape(tf.transpose(embeddings, [0, 2, 1]), [batch * dimension, fields]); // [batch * embedding, fields]
  const gates = tf.transpose(tf.reshape(linear(byComponent as tf.Tensor2D, { weights, bias }), [batch, dimension, fields]), [0, 2, 1]);
  return tf.reshape(tf.mul(embeddings, gates), [batch, -1]);
}

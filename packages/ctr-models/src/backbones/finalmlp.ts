import { atMost } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { CtrError } from '../errors.js';
import type { Backbone } from './backbone.js';
import { initFeatureGate, selection, type FeatureGateParameters } from './feature-gate.js';
import { deepBlocks, deepInputs, fieldEmbeddings, initFields, type FieldParameters } from './fields.js';
import { deepOptions, initFirstOrder, plusFirstOrder, type DeepOptions, type FirstOrderParameters } from './first-order.js';
import { uniform, zeros } from './initializers.js';
import { hiddenLayers, hiddenWidth, initHidden, mlpNoise, mlpOptions, type LayerParameters } from './mlp.js';

/** Options of {@link finalMlp}. */
export interface FinalMlpOptions extends DeepOptions {
  /** Widths of the hidden layers of the second stream. Default [128, 64]. */
  readonly hidden2: readonly number[];
  /** Share of units of the second stream dropped in training. Default 0. */
  readonly dropout2: number;
  /** Groups of units between which the streams are multiplied. Default 1. */
  readonly fusionHeads: number;
  /** Whether gates select features for each stream. Default true. */
  readonly gating: boolean;
  /** Hidden units of a gate. Default 64. */
  readonly gateUnits: number;
  /** Fields that the gate of the first stream reads; none = it is learned as a constant. Default []. */
  readonly context1: readonly string[];
  /** The same for the second stream. Default []. */
  readonly context2: readonly string[];
}

const context = (stream: string) =>
  z.array(z.string()).default([]).describe(`fields that the gate of the ${stream} stream reads; [] = it is learned as a constant`);

const options = deepOptions.extend({
  hidden2: mlpOptions.shape.hidden.describe('units of each hidden layer of the second stream, as hidden is of the first'),
  dropout2: mlpOptions.shape.dropout.describe('share of hidden units of the second stream dropped in training'),
  fusionHeads: z
    .int()
    .min(1)
    .max(4096, atMost(4096, 'no stream ends in as many units'))
    .default(1)
    .describe('groups of units between which the streams are multiplied; divides the last of hidden and of hidden2'),
  gating: z.boolean().default(true).describe('whether gates select features for each stream'),
  gateUnits: z
    .int()
    .min(1)
    .max(65_536, atMost(65_536, 'a gate has as many weights as the product of its units and the features'))
    .default(64)
    .describe('hidden units of a gate'),
  context1: context('first'),
  context2: context('second'),
});

/** One of the two streams. */
export type StreamParameters = {
  /** What it sees of the features; absent without gating. */
  readonly gate?: FeatureGateParameters;
  /** Its hidden layers. */
  readonly layers: readonly LayerParameters[];
  /** Its own weight in the fusion, w_1 or w_2: [width, 1] */
  readonly output: tf.Tensor2D;
};

/** Parameters of {@link finalMlp}. */
export type FinalMlpParameters = FirstOrderParameters & {
  /** Embeddings of what is not in a table. */
  readonly fields: FieldParameters;
  /** The two streams. */
  readonly streams: readonly StreamParameters[];
  /** W_3 by head: [heads, width of the first / heads, width of the second / heads] */
  readonly bilinear: tf.Tensor3D;
  /** b: [1] */
  readonly bias: tf.Tensor1D;
};

/**
 * FinalMLP (Mao et al. 2023, "FinalMLP: An Enhanced Two-Stream MLP Model for CTR Prediction", AAAI): two ReLU networks on features that a
 * gate selects for each, and a bilinear fusion of what they give. The authors' code normalizes layers by the batch, which a backbone
 * must not mix. A first-order term is added, as in the other backbones here, unless `firstOrder` is false.
 */
export const finalMlp: Backbone<FinalMlpParameters, FinalMlpOptions> = {
  name: 'finalmlp',
  description: 'FinalMLP: two ReLU networks on features selected by gates, fused by products',
  options,
  usesEmbeddings: true,
  init(schema, given, rng) {
    const { fusionHeads: heads, gating } = given;
    const inputs = deepBlocks(schema, given);
    const streams = [
      { ...inputs, hidden: given.hidden, context: given.context1 },
      { ...inputs, hidden: given.hidden2, context: given.context2 },
    ];
    const widths = streams.map(hiddenWidth);
    const uneven = widths.find((width) => width % heads !== 0);
    if (uneven !== undefined) {
      throw new CtrError('CTR_OPTION', `fusionHeads is ${heads}, and a stream ends in ${uneven} units`, {
        where: 'finalmlp',
        expected: 'a divisor of the last of hidden and of hidden2',
        remedy: 'change one of them',
      });
    }
    const [first, second] = widths.map((width) => width / heads) as [number, number];
    return {
      ...initFirstOrder(schema, given),
      fields: initFields(schema, given, rng.fork('fields')),
      streams: streams.map(({ context, ...stream }, k) => ({
        ...(gating ? { gate: initFeatureGate(schema, given, { fields: context, option: `context${k + 1}` }, rng.fork('gate', k)) } : {}),
        layers: initHidden(stream, rng.fork('stream', k)),
        output: uniform([widths[k]!, 1], 1 / Math.sqrt(widths[k]!), rng.fork('output', k)),
      })),
      bilinear: uniform([heads, first, second], 1 / Math.sqrt(heads * first * second), rng.fork('bilinear')),
      bias: zeros([1]),
    };
  },
  logits(params, batch) {
    const { fields, streams, bilinear, bias } = params;
    const embeddings = fieldEmbeddings(fields, batch); // [batch, fields, embedding]
    const flat = deepInputs(fields, embeddings, batch); // [batch, width]
    const outputs = streams.map(({ gate, layers }, k) => {
      const selected: tf.Tensor2D = gate === undefined ? flat : tf.mul(flat, selection(gate, embeddings)); // equation 7
      return hiddenLayers(layers, selected, batch.noise, STREAMS[k]); // [batch, width of the stream]
    });
    // BF(o_1, o_2) = b + w_1 o_1 + w_2 o_2 + sum over heads of o_1 W_3 o_2 (equations 9 and 11)
    const own = outputs.map((output, k) => tf.matMul(output, streams[k]!.output)); // [batch, 1]
    return plusFirstOrder(params, tf.add(tf.addN([products(outputs, bilinear), ...own]), bias), batch);
  },
  noise: ({ hidden, dropout, hidden2, dropout2 }) => ({
    ...mlpNoise({ hidden, dropout }, STREAMS[0]),
    ...mlpNoise({ hidden: hidden2, dropout: dropout2 }, STREAMS[1]),
  }),
};

/** Names of the streams' dropout masks. */
const STREAMS = ['first', 'second'] as const;

/** The sum over heads of o_1 W_3 o_2: [batch, 1]. */
function products(outputs: readonly tf.Tensor2D[], bilinear: tf.Tensor3D): tf.Tensor2D {
  const [heads, ...widths] = bilinear.shape;
  const [one, two] = outputs.map((x, k) => tf.transpose(tf.reshape(x, [x.shape[0], heads, widths[k]!]), [1, 0, 2])) as [
    tf.Tensor,
    tf.Tensor,
  ];
  return tf.expandDims(tf.sum(tf.mul(tf.matMul(one, bilinear), two), [0, 2]), 1); // sum over [heads, batch, width of the second / heads]
}

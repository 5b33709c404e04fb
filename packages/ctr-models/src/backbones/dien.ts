import { atMost } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { maskedSoftmax } from './attention.js';
import type { Backbone, EventSequence } from './backbone.js';
import { deepInputs, fieldEmbeddings, initFields, type FieldParameters } from './fields.js';
import { deepOptions, initFirstOrder, plusFirstOrder, type DeepOptions, type FirstOrderParameters } from './first-order.js';
import { gruStates, initGru, type GruParameters } from './gru.js';
import { deepBlocksWithHistory, eventWidths, newest, perHistory } from './history.js';
import { uniform } from './initializers.js';
import { initMlp, mlp, mlpNoise, type LayerParameters } from './mlp.js';

/** Options of {@link dien}; the paper has hidden [200, 80]. */
export interface DienOptions extends DeepOptions {
  /** Components of an interest state. Default 32. */
  readonly interestUnits: number;
}

const options = deepOptions.extend({
  interestUnits: z
    .int()
    .min(1)
    .max(4096, atMost(4096, 'a state of that size is computed for every past event, twice'))
    .default(32)
    .describe('components of an interest, the state after a past event; more remember more'),
});

/** What is learned of a list of past events. */
export type InterestParameters = {
  /** The interest extractor, a GRU over events. */
  readonly extractor: GruParameters;
  /** W of the attention, from a state to the target: [units, targets * embedding] */
  readonly attention: tf.Tensor2D;
  /** The interest evolving layer, an AUGRU over states. */
  readonly evolving: GruParameters;
};

/** Parameters of {@link dien}. */
export type DienParameters = FirstOrderParameters & {
  /** Embeddings of what is not in a table. */
  readonly fields: FieldParameters;
  /** By events feature. */
  readonly interests: Readonly<Record<string, InterestParameters>>;
  /** Hidden layers and the output layer. */
  readonly mlp: readonly LayerParameters[];
};

/**
 * Deep Interest Evolution Network (Zhou et al. 2019, "Deep Interest Evolution Network for Click-Through Rate Prediction", AAAI): a GRU reads
 * past events in their order, a second one, whose update gate is weighed by the relevance of each state to the target (AUGRU), follows how
 * that interest evolved, and its last state enters a ReLU network beside all features.
 *
 * Left out: the auxiliary loss, by which each state also predicts the next event, for a backbone says log-odds and no loss. A first-order
 * term is added, as in the other backbones here, unless `firstOrder` is false. Steps are as many as past events, and one after the other,
 * which costs time.
 */
export const dien: Backbone<DienParameters, DienOptions> = {
  name: 'dien',
  description: 'DIEN: how the interest in the target evolved over past events (GRU and AUGRU), and a ReLU network',
  options,
  usesEmbeddings: true,
  usesSequences: true,
  init(schema, given, rng) {
    const { interestUnits: units } = given;
    return {
      ...initFirstOrder(schema, given),
      fields: initFields(schema, given, rng.fork('fields')),
      interests: perHistory(schema, (feature) => {
        const { event, target } = eventWidths(feature, given, 'dien');
        const stream = rng.fork('interests', feature.name);
        return {
          extractor: initGru(event, units, stream.fork('extractor')),
          attention: uniform([units, target], 1 / Math.sqrt(units), stream.fork('attention')),
          evolving: initGru(units, units, stream.fork('evolving')),
        };
      }),
      mlp: initMlp({ ...deepBlocksWithHistory(schema, given, () => units), hidden: given.hidden }, rng.fork('mlp')),
    };
  },
  logits(params, batch) {
    const { fields, interests, mlp: layers } = params;
    const inputs = deepInputs(fields, fieldEmbeddings(fields, batch), batch); // [batch, features * embedding]
    const evolved = Object.entries(interests).map(([name, unit]) => evolvedInterest(unit, batch.sequences[name]!)); // [batch, units]
    return plusFirstOrder(params, mlp(layers, tf.concat2d([inputs, ...evolved], 1), batch.noise), batch); // [batch, 1]
  },
  noise: mlpNoise,
};

/** h'(T), the last state of the interest evolving layer; zeros for a history without events: [batch, units]. */
function evolvedInterest({ extractor, attention, evolving }: InterestParameters, sequence: EventSequence): tf.Tensor2D {
  const { rows, mask } = newest(sequence);
  const states = gruStates(rows, extractor); // h_t; those behind the last event are given no weight
  const keys = tf.matMul(sequence.target!, attention, false, true); // W e_a: [batch, units]
  const scores = tf.concat2d(
    states.map((state) => tf.sum(tf.mul(state, keys), 1, true)),
    1,
  ); // h_t W e_a: [batch, L]
  const weights = maskedSoftmax(scores, mask); // a_t, equation 8
  return gruStates(tf.stack(states, 1) as tf.Tensor3D, evolving, weights).at(-1)!;
}

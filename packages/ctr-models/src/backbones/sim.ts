import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { headOptions, initHeads, maskedSoftmax, toHeads, type HeadOptions } from './attention.js';
import { CtrError } from '../errors.js';
import { eventsFeatures, type EventsFeature } from '../features/schema.js';
import type { Backbone, EventSequence } from './backbone.js';
import { deepInputs, fieldEmbeddings, initFields, type FieldParameters } from './fields.js';
import { deepOptions, initFirstOrder, plusFirstOrder, type DeepOptions, type FirstOrderParameters } from './first-order.js';
import { deepBlocksWithHistory, eventWidths, perHistory } from './history.js';
import { initMlp, mlp, mlpNoise, type LayerParameters } from './mlp.js';

/** Options of {@link sim}; the paper has hidden [200, 80]. */
export interface SimOptions extends DeepOptions, HeadOptions {
  /** The field of past events that is searched by; null = the last with a target. Default null. */
  readonly searchField: string | null;
}

const options = deepOptions.extend(headOptions.shape).extend({
  searchField: z
    .string()
    .nullable()
    .default(null)
    .describe(
      'field of past events by which those are found that have a value in common with the target, such as item_genres; null = the last field with a target',
    ),
});

/** The exact search unit of a list of past events. */
export type ExactSearchParameters = {
  /** W_b: [event, heads, units] */
  readonly past: tf.Tensor3D;
  /** W_a: [targets * embedding, heads, units] */
  readonly target: tf.Tensor3D;
};

/** Parameters of {@link sim}. */
export type SimParameters = FirstOrderParameters & {
  /** Embeddings of what is not in a table. */
  readonly fields: FieldParameters;
  /** By events feature. */
  readonly search: Readonly<Record<string, ExactSearchParameters>>;
  /** Hidden layers and the output layer. */
  readonly mlp: readonly LayerParameters[];
};

/**
 * Search-based Interest Model (Pi et al. 2020, "Search-based User Interest Modeling with Lifelong Sequential Behavior Data for Click-Through
 * Rate Prediction", CIKM) with hard search: of the past events those that share an attribute with the target are found, and attended to by
 * several heads; what the heads give enters a ReLU network beside all features.
 *
 * Left out: times between events, which the features do not have, and a second network over recent events. A first-order term is added, as
 * in the other backbones here, unless `firstOrder` is false.
 */
export const sim: Backbone<SimParameters, SimOptions> = {
  name: 'sim',
  description: 'SIM with hard search: attention over the past events that share an attribute with the target, and a ReLU network',
  options,
  usesEmbeddings: true,
  usesSequences: true,
  init(schema, given, rng) {
    const { heads, hidden } = given;
    return {
      ...initFirstOrder(schema, given),
      fields: initFields(schema, given, rng.fork('fields')),
      search: perHistory(schema, (feature) => {
        const { event, target } = eventWidths(feature, given, 'sim');
        const stream = rng.fork('search', feature.name);
        return { past: initHeads(event, given, stream.fork('past')), target: initHeads(target, given, stream.fork('target')) };
      }),
      mlp: initMlp(
        { ...deepBlocksWithHistory(schema, given, (feature) => heads * eventWidths(feature, given, 'sim').event), hidden },
        rng.fork('mlp'),
      ),
    };
  },
  logits(params, batch) {
    const { fields, search, mlp: layers } = params;
    const inputs = deepInputs(fields, fieldEmbeddings(fields, batch), batch); // [batch, features * embedding]
    const found = Object.entries(search).map(([name, unit]) => exactSearch(unit, batch.sequences[name]!)); // [batch, heads * event]
    return plusFirstOrder(params, mlp(layers, tf.concat2d([inputs, ...found], 1), batch.noise), batch); // [batch, 1]
  },
  searches: (schema, { searchField }) =>
    Object.fromEntries(eventsFeatures(schema).map((feature) => [feature.name, searchedField(feature, searchField)])),
  noise: mlpNoise,
};

/** The heads' sums of the events found, zeros where none is: [batch, heads * event]. */
function exactSearch(unit: ExactSearchParameters, { rows, mask, target, shared }: EventSequence): tf.Tensor2D {
  // r_i = Sign(C_i = C_a), hard search of the general search unit (equation 1)
  const found = tf.expandDims(tf.mul(mask, shared!), 1); // [batch, 1, L]
  const past = toHeads(rows, unit.past); // [batch, heads, L, units]
  const wanted = toHeads(tf.expandDims(target!, 1), unit.target); // [batch, heads, 1, units]
  const scores: tf.Tensor3D = tf.squeeze(tf.matMul(wanted, past, false, true), [2]); // W_b z_b . W_a e_a: [batch, heads, L]
  const heads = tf.matMul(maskedSoftmax(scores, found), rows); // head_i = sum of att_i z_b (equations 5 and 6): [batch, heads, event]
  return tf.reshape(heads, [rows.shape[0], -1]);
}

/** @throws CtrError `CTR_OPTION` for a field that is not there, or has no target to be compared with */
function searchedField({ name, fields }: EventsFeature, wanted: string | null): string {
  const comparable = fields.filter((f) => f.target !== undefined).map((f) => f.name);
  const field = wanted ?? comparable.at(-1);
  if (field === undefined || !comparable.includes(field)) {
    throw new CtrError('CTR_OPTION', `searchField is '${String(field)}', by which the events '${name}' cannot be compared with the row`, {
      where: 'sim',
      expected: `a field with a target: ${comparable.join(', ')}`,
    });
  }
  return field;
}

import * as tf from '@tensorflow/tfjs';
import { CtrError } from '../errors.js';
import { eventsFeatures, type EventsFeature, type FeatureSchema } from '../features/schema.js';
import type { BackboneOptions, EventSequence } from './backbone.js';
import { deepBlocks } from './fields.js';
import type { MlpInit } from './mlp.js';

/** Widths of a list of past events. */
export interface EventWidths {
  /** Components of an event: those of all its fields. */
  readonly event: number;
  /** Components of the row's own embeddings of the same fields. */
  readonly target: number;
}

/**
 * The widths of the events of a feature.
 * @throws CtrError `CTR_SCHEMA` where they have nothing in common with the row, so that nothing says which of them matter
 */
export function eventWidths({ name, fields }: EventsFeature, { embeddingDimension }: BackboneOptions, backbone: string): EventWidths {
  const target = fields.filter((f) => f.target !== undefined).length * embeddingDimension;
  if (target === 0) {
    throw new CtrError('CTR_SCHEMA', `the events '${name}' have nothing in common with the row itself`, {
      where: backbone,
      expected: 'a field with a target',
      remedy: "name the feature that a field is the past of: { name: 'item', target: 'item' }",
    });
  }
  return { event: fields.length * embeddingDimension, target };
}

/** One entry for each list of past events, by the feature's name. */
export function perHistory<T>(schema: FeatureSchema, make: (feature: EventsFeature) => T): Record<string, T> {
  return Object.fromEntries(eventsFeatures(schema).map((feature) => [feature.name, make(feature)]));
}

/** The inputs of a deep part that sees all fields, what enters beside them, and `width` numbers made of each list of past events, in this order. */
export function deepBlocksWithHistory(
  schema: FeatureSchema,
  options: BackboneOptions,
  width: (feature: EventsFeature) => number,
): Omit<MlpInit, 'hidden'> {
  const also = eventsFeatures(schema).map((feature) => ({ name: `${feature.name} (history)`, width: width(feature) }));
  return { ...deepBlocks(schema, options), also };
}

/** How many later events there are: 0 for the newest, above 0 for those before, [batch, L]; what it is behind the last event means nothing. */
export function recency(mask: tf.Tensor2D): tf.Tensor2D {
  return tf.sub(tf.sum(mask, 1, true), tf.cumsum(mask, 1));
}

/**
 * The newest `maxLength` events as lists of a fixed length, oldest first, zeros behind the last. Lists that are no longer come back as they
 * are; others, of an exported graph, are moved to that length, for a recurrence has as many steps as it is traced with.
 */
export function newest({ rows, mask, maxLength }: EventSequence): Pick<EventSequence, 'rows' | 'mask'> {
  if (rows.shape[1] <= maxLength) return { rows, mask };
  const skipped = tf.relu(tf.sub(tf.sum(mask, 1, true), maxLength)); // events that are too old: [batch, 1]
  const place = tf.expandDims(tf.sub(tf.sub(tf.cumsum(mask, 1), 1), skipped), 1); // [batch, 1, L]
  const places = tf.tensor3d(
    Float32Array.from({ length: maxLength }, (_, t) => t),
    [1, maxLength, 1],
  );
  const moved: tf.Tensor3D = tf.mul(tf.cast(tf.equal(place, places), 'float32'), tf.expandDims(mask, 1)); // [batch, maxLength, L]
  return { rows: tf.matMul(moved, rows), mask: tf.sum(moved, 2) };
}

import * as tf from '@tensorflow/tfjs';
import type { EventSequence } from '../backbones/backbone.js';
import { tableFeatures, type EventField, type EventsFeature, type FeatureSchema } from '../features/schema.js';
import type { TableLayout } from './embedding-table.js';
import { present, readPooled, readRows, withZeros } from './read-rows.js';

/**
 * Where the rows of a field of past events stand, int32, -1 behind the last event. One value an event: `at` [batch, length] is its row of
 * the table. A set of values: `at` [batch, length, values] holds their rows; or, where a set occurs many times in a batch,
 * `at` [batch, length] numbers the sets of `bags` [sets, values], so that each is pooled once.
 */
export interface EventIds<L> {
  /** See above. */
  readonly at: L;
  /** See above. */
  readonly bags?: L;
}

/**
 * The unpooled sequence of a feature, with zeros behind the last event. Training, prediction and the exported graph all come here;
 * they differ in the tables alone: the rows of a batch, or the whole tables.
 *
 * @param tables embeddings by table name, [rows, at least `dimension`]
 * @param ids by field name
 * @param embeddings the rows' own [batch, fields, dimension], of which the targets are part
 * @param layouts of whole tables, whose rows are not embeddings alone
 */
export function eventSequence(
  schema: FeatureSchema,
  { fields, maxLength }: EventsFeature,
  tables: Readonly<Record<string, tf.Tensor>>,
  ids: Readonly<Record<string, EventIds<tf.Tensor>>>,
  embeddings: tf.Tensor3D,
  layouts: readonly TableLayout[] = [],
): EventSequence {
  const dimension = embeddings.shape[2];
  const mask = present(ids[fields.find((f) => f.kind === 'categorical')!.name]!.at as tf.Tensor2D); // [batch, length]
  const parts = fields.map((field) => {
    const rows = fieldRows(field, tables[field.table]!, ids[field.name]!);
    return embeddingPart(rows, layouts.find(({ name }) => name === field.table)?.dimension ?? dimension, dimension);
  });
  const rows = tf.mul(tf.concat(parts, 2), tf.expandDims(mask, 2)); // [batch, length, fields * dimension]
  const place = new Map(tableFeatures(schema).map((f, k) => [f.name, k]));
  const own = tf.unstack(embeddings, 1); // fields times [batch, dimension]
  const targets = fields.flatMap((f) => (f.target === undefined ? [] : [own[place.get(f.target)!]!]));
  return { rows: rows as tf.Tensor3D, mask, maxLength, ...(targets.length > 0 ? { target: tf.concat(targets, 1) as tf.Tensor2D } : {}) };
}

/** [batch, length, width of the table] */
function fieldRows(field: EventField, table: tf.Tensor, { at, bags }: EventIds<tf.Tensor>): tf.Tensor {
  if (field.kind === 'categorical') return readRows(table, at);
  return bags === undefined ? readPooled(table, at, field.pooling) : readRows(readPooled(table, bags, field.pooling), at);
}

/** Without the first-order weights, which a whole table holds behind the embeddings, and with zeros behind embeddings that are shorter. */
function embeddingPart(rows: tf.Tensor, own: number, dimension: number): tf.Tensor3D {
  const part = rows.shape[2] === own ? rows : tf.slice(rows, [0, 0, 0], [-1, -1, own]);
  return withZeros(part, dimension) as tf.Tensor3D;
}

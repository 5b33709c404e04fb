import * as tf from '@tensorflow/tfjs';
import type { EventsColumn, IdColumn, IdListColumn } from '../features/columns.js';
import type { Features } from '../features/encode.js';
import { eventsFeatures, tableFeatures } from '../features/schema.js';

/**
 * By events feature, the field by which past events are compared with the row (`Backbone.searches`). Shared are known values: two unknown
 * ones need not be the same.
 */
export type Searches = Readonly<Record<string, string>>;

/** Fills `into` [rows, length] with 1 for each of the newest `length` events of a row that shares a value of the field with it, else 0. */
export function gatherShared(
  { schema, columns }: Features,
  { feature, field }: { readonly feature: string; readonly field: string },
  { rows, start, count, length }: { readonly rows: Int32Array; readonly start: number; readonly count: number; readonly length: number },
  into: Float32Array,
): void {
  const { fields } = eventsFeatures(schema).find((f) => f.name === feature)!;
  const { target } = fields.find((f) => f.name === field)!;
  const most = (name: string | undefined, of: readonly { readonly name: string; readonly maxLength?: number }[]): number =>
    of.find((f) => f.name === name)?.maxLength ?? 1;
  const column = columns[feature] as EventsColumn;
  const ofRow = valuesOf(columns[target!] as IdColumn | IdListColumn, most(target, tableFeatures(schema)));
  const ofEvent = valuesOf(column.fields[field]!, most(field, fields));
  into.fill(0);
  for (let b = 0; b < count; b += 1) {
    const row = rows[start + b]!;
    const position = column.index?.[row] ?? row;
    const wanted = ofRow(row);
    if (position < 0 || wanted.length === 0) continue;
    const last = column.offsets[position + 1]!;
    for (let e = Math.max(column.offsets[position]!, last - length), k = b * length; e < last; e += 1, k += 1) {
      if (ofEvent(column.events[e]!).some((id) => id > 0 && wanted.includes(id))) into[k] = 1;
    }
  }
}

/** The ids of a row that count. */
function valuesOf(column: IdColumn | IdListColumn, maxLength: number): (at: number) => Int32Array {
  const { ids, index } = column;
  return (at) => {
    const position = index?.[at] ?? at;
    if (position < 0) return ids.subarray(0, 0);
    if (column.kind === 'ids') return ids.subarray(position, position + 1);
    const first = column.offsets[position]!;
    return ids.subarray(first, Math.min(column.offsets[position + 1]!, first + maxLength));
  };
}

/**
 * The same of raw ids in an exported graph, where -1 is behind the last and 0 unknown: [batch, L].
 * @param events [batch, L] or [batch, L, values]
 * @param row the row's own, [batch] or [batch, values]
 */
export function sharedValues(events: tf.Tensor, row: tf.Tensor): tf.Tensor2D {
  const ofEvent = tf.expandDims(events.rank === 2 ? tf.expandDims(events, 2) : events, 3); // [batch, L, values, 1]
  const ofRow = tf.expandDims(tf.expandDims(row.rank === 1 ? tf.expandDims(row, 1) : row, 1), 1); // [batch, 1, 1, values]
  const same = tf.logicalAnd(tf.equal(ofEvent, ofRow), tf.greater(ofEvent, 0)); // [batch, L, values, values]
  return tf.max(tf.cast(same, 'float32'), [2, 3]);
}

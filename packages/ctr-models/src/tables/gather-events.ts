import type { EventsColumn, IdColumn, IdListColumn } from '../features/columns.js';
import type { Features } from '../features/encode.js';
import { eventsFeatures } from '../features/schema.js';
import type { EmbeddingTable } from './embedding-table.js';
import type { EventSizes } from './event-sizes.js';
import { checkIds } from './lookup.js';
import type { EventIds } from './read-events.js';
import { createSlots, type Slots } from './slots.js';

/** Inputs of a compiled function for the sequences of a batch. */
export interface EventBuffers {
  /** What fits. */
  readonly sizes: EventSizes;
  /** By table, the embeddings of the distinct rows that the batch's events show: [rows, dimension]. */
  readonly tables: Readonly<Record<string, Float32Array>>;
  /** By table, the ids of these rows. */
  readonly shown: Record<string, Int32Array>;
  /** By feature and field, which of these rows belong to an event. */
  readonly ids: Readonly<Record<string, Readonly<Record<string, EventIds<Int32Array>>>>>;
}

/** Empty buffers for batches of `size` rows. */
export function createEventBuffers(sizes: EventSizes, dimension: number, size: number): EventBuffers {
  const ids = Object.entries(sizes.features).map(([name, { length, bags }]) => {
    const fields = Object.entries(bags).map(([field, bag]): readonly [string, EventIds<Int32Array>] => [
      field,
      { at: new Int32Array(size * length), ...(bag === null ? {} : { bags: new Int32Array(bag.sets * bag.values) }) },
    ]);
    return [name, Object.fromEntries(fields)] as const;
  });
  const tables = Object.entries(sizes.tables).map(([name, rows]) => [name, new Float32Array(rows * dimension)] as const);
  return { sizes, tables: Object.fromEntries(tables), shown: {}, ids: Object.fromEntries(ids) };
}

/** Fills buffers for the rows `rows[start .. start + count)`; places of the batch behind them have no events. */
export type GatherEvents = (rows: Int32Array, start: number, count: number, into: EventBuffers) => void;

/** Gathers the past events of checked features. @throws CtrError `CTR_SCHEMA` where an id lies outside its table. */
export function createEventGatherer({ schema, columns }: Features, tables: readonly EmbeddingTable[]): GatherEvents {
  const features = eventsFeatures(schema);
  const used = new Set(features.flatMap(({ fields }) => fields.map((f) => f.table)));
  for (const { name, fields } of features) {
    for (const field of fields) {
      const { ids } = (columns[name] as EventsColumn).fields[field.name]!;
      checkIds(`${name}.${field.name}`, ids, tables.find((t) => t.name === field.table)!.rows);
    }
  }
  const slots = new Map(tables.flatMap((table) => (used.has(table.name) ? [[table.name, createSlots(table.rows)] as const] : [])));
  const sets = new Map(
    features.flatMap(({ name, fields }) =>
      fields.flatMap((field) => {
        const ids = (columns[name] as EventsColumn).fields[field.name]!;
        return ids.kind === 'ids' ? [] : [[ids, createSlots(ids.offsets.length)] as const];
      }),
    ),
  );

  return (rows, start, count, { sizes, tables: embeddings, shown, ids: into }) => {
    for (const each of slots.values()) each.clear();
    for (const { name, fields } of features) {
      const column = columns[name] as EventsColumn;
      const { length, bags } = sizes.features[name]!;
      const events = eventsOf(column, rows, start, count, length);
      for (const field of fields) {
        const ids = column.fields[field.name]!;
        const { at, bags: out } = into[name]![field.name]!;
        at.fill(-1);
        if (ids.kind === 'ids') placeValues(ids, events, slots.get(field.table)!, at);
        else placeSets(ids, events, slots.get(field.table)!, sets.get(ids)!, at, out!.fill(-1), bags[field.name]!.values);
      }
    }
    for (const { name, values, width, dimension } of tables) {
      const of = slots.get(name);
      if (of === undefined) continue;
      shown[name] = of.ids.slice(0, of.count);
      const out = embeddings[name]!;
      const components = out.length / sizes.tables[name]!; // those behind the table's own are zero, and stay so
      for (let s = 0; s < of.count; s += 1) {
        for (let from = of.ids[s]! * width, end = from + dimension, k = s * components; from < end; from += 1, k += 1)
          out[k] = values[from]!;
      }
    }
  };
}

/** The newest `length` events of each row, -1 behind the last: [count * length]. */
function eventsOf({ offsets, events, index }: EventsColumn, rows: Int32Array, start: number, count: number, length: number): Int32Array {
  const found = new Int32Array(count * length).fill(-1);
  for (let b = 0; b < count; b += 1) {
    const row = rows[start + b]!;
    const position = index === undefined ? row : index[row]!;
    if (position < 0) continue;
    const last = offsets[position + 1]!;
    for (let e = Math.max(offsets[position]!, last - length), k = b * length; e < last; e += 1, k += 1) found[k] = events[e]!;
  }
  return found;
}

function placeValues({ ids, index }: IdColumn, events: Int32Array, slots: Slots, at: Int32Array): void {
  for (let k = 0; k < events.length; k += 1) {
    const event = events[k]!;
    if (event < 0) continue;
    const position = index === undefined ? event : index[event]!;
    at[k] = slots.of(position < 0 ? 0 : ids[position]!);
  }
}

/** Set 0 of the numbering is that of events without a position: it stays empty. */
function placeSets(
  { ids, offsets, index }: IdListColumn,
  events: Int32Array,
  slots: Slots,
  sets: Slots,
  at: Int32Array,
  out: Int32Array,
  values: number,
): void {
  sets.clear();
  for (let k = 0; k < events.length; k += 1) {
    const event = events[k]!;
    if (event < 0) continue;
    const position = index === undefined ? event : index[event]!;
    const known = sets.count;
    const set = sets.of(position + 1);
    at[k] = set;
    if (set < known || position < 0) continue;
    const first = offsets[position]!;
    const end = Math.min(offsets[position + 1]!, first + values);
    for (let v = first, o = set * values; v < end; v += 1, o += 1) out[o] = slots.of(ids[v]!);
  }
}

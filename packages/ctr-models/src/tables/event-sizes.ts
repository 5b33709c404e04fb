import type { EventsColumn } from '../features/columns.js';
import type { Features } from '../features/encode.js';
import { eventsFeatures } from '../features/schema.js';
import type { EmbeddingTable } from './embedding-table.js';

/** Sizes of the inputs that the sequences of a batch are read from. Compiled functions are static: one serves one set of sizes. */
export interface EventSizes {
  /** By feature: events of a row, and by field the sets of values of a batch and the values of a set; null for a single value. */
  readonly features: Readonly<
    Record<
      string,
      { readonly length: number; readonly bags: Readonly<Record<string, { readonly sets: number; readonly values: number } | null>> }
    >
  >;
  /** By table: rows that a batch may show. */
  readonly tables: Readonly<Record<string, number>>;
}

/**
 * Sizes that any `size` rows of the features fit into: powers of two, so that few functions serve all lengths, up to the limits that
 * the schema sets.
 */
export function eventSizes({ schema, columns, length: rows }: Features, tables: readonly EmbeddingTable[], size: number): EventSizes {
  const most = new Map<string, number>();
  const features = eventsFeatures(schema).map((feature) => {
    const column = columns[feature.name] as EventsColumn;
    const length = Math.min(feature.maxLength, powerOfTwo(longest(column.offsets, column.index, rows)));
    const events = size * length;
    const bags = feature.fields.map((field) => {
      const ids = column.fields[field.name]!;
      const bag =
        field.kind === 'categorical' || ids.kind === 'ids'
          ? null
          : {
              sets: Math.min(events, powerOfTwo(ids.offsets.length)),
              values: Math.min(field.maxLength, powerOfTwo(longest(ids.offsets))), // the first ones, as of pooled features
            };
      most.set(field.table, (most.get(field.table) ?? 0) + (bag === null ? events : bag.sets * bag.values));
      return [field.name, bag] as const;
    });
    return [feature.name, { length, bags: Object.fromEntries(bags) }] as const;
  });
  const shown = [...most].map(([name, entries]) => [name, Math.min(entries, tables.find((t) => t.name === name)!.rows)] as const);
  return { features: Object.fromEntries(features), tables: Object.fromEntries(shown) };
}

function longest(offsets: Uint32Array, index?: Int32Array, rows = offsets.length - 1): number {
  let most = 0;
  for (let row = 0; row < rows; row += 1) {
    const position = index === undefined ? row : index[row]!;
    if (position >= 0) most = Math.max(most, offsets[position + 1]! - offsets[position]!);
  }
  return most;
}

function powerOfTwo(atLeast: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, atLeast)));
}

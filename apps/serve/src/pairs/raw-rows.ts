import { interactionColumns, type FeatureSchema, type RawCategorical, type RawColumn, type RawList } from '@expctr/ctr-models';
import { pairDataset } from './pair-dataset.js';
import type { Pair } from './pair.js';

/** A row of raw features by name. */
export type RawRow = Record<string, unknown>;

/** h(u, i) of each pair, as a request would give it: built as the trainer builds it, by the same function. Vectors are left out. */
export function rawRows(pairs: readonly Pair[], schema: FeatureSchema, names: readonly string[]): RawRow[] {
  const { columns } = interactionColumns({ ...pairDataset(pairs), schema });
  const given = names.filter((name) => columns[name] !== undefined);
  return pairs.map((_, row) => Object.fromEntries(given.map((name) => [name, valueAt(columns[name]!, row)])));
}

function valueAt(column: RawColumn, row: number): unknown {
  const at = column.index === undefined ? row : column.index[row]!;
  switch (column.kind) {
    case 'categorical':
    case 'list':
      return scalarOrList(column, at);
    case 'numeric': {
      const value = at < 0 ? NaN : column.values[at]!;
      return Number.isNaN(value) ? null : value;
    }
    case 'events':
      return Array.from(column.events.subarray(column.offsets[at], column.offsets[at + 1]), (event) =>
        Object.fromEntries(
          Object.entries(column.fields).map(([name, field]) => [
            name,
            scalarOrList(field, field.index === undefined ? event : field.index[event]!),
          ]),
        ),
      );
    case 'dense':
      return column.data.subarray(at * column.dimension, (at + 1) * column.dimension);
  }
}

function scalarOrList(column: RawCategorical | RawList, at: number): unknown {
  const text = (code: number): string | null => (code < 0 ? null : column.values[code]!);
  if (column.kind === 'categorical') return at < 0 ? null : text(column.codes[at]!);
  return at < 0 ? [] : Array.from(column.codes.subarray(column.offsets[at], column.offsets[at + 1]), text);
}

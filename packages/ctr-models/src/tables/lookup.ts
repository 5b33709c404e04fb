import { CtrError } from '../errors.js';
import type { Features } from '../features/encode.js';
import { tableFeatures } from '../features/schema.js';
import type { EmbeddingTable } from './embedding-table.js';

/** How one table feature finds ids in the columns and its numbers in the table. */
export interface FieldLookup {
  /** Index of the table. */
  readonly table: number;
  /** Column of the table's first-order weight for this feature, after the embedding. */
  readonly use: number;
  /** The ids. */
  readonly ids: Int32Array;
  /** For lists, where each position's ids begin; absent for single ids. */
  readonly offsets?: Uint32Array;
  /** Position of each row in `ids` or `offsets`; the row itself where absent. */
  readonly index?: Int32Array;
  /** Whether pooled rows are divided by their number. */
  readonly mean: boolean;
  /** At most so many ids of a list count. */
  readonly maxLength: number;
  /** Whether the last ids of a longer list count, rather than the first. */
  readonly newest: boolean;
}

/**
 * The lookups of the table features, in the order of the axis `fields`.
 * @throws CtrError `CTR_SCHEMA` where a column is missing or an id lies outside its table.
 */
export function fieldLookups(features: Features, tables: readonly EmbeddingTable[]): FieldLookup[] {
  return tableFeatures(features.schema).map((feature): FieldLookup => {
    const table = tables.findIndex((t) => t.name === feature.table);
    const column = features.columns[feature.name];
    if (table < 0 || (column?.kind !== 'ids' && column?.kind !== 'id-lists')) {
      throw new CtrError('CTR_SCHEMA', `the feature '${feature.name}' has no ids or no table`);
    }
    const { ids } = column;
    checkIds(feature.name, ids, tables[table]!.rows);
    return {
      table,
      use: tables[table]!.features.indexOf(feature.name),
      ids,
      ...(column.kind === 'id-lists' ? { offsets: column.offsets } : {}),
      ...(column.index === undefined ? {} : { index: column.index }),
      mean: feature.kind !== 'multi-valued' || feature.pooling === 'mean',
      maxLength: feature.kind === 'categorical' ? 1 : feature.maxLength,
      newest: feature.kind === 'sequence',
    };
  });
}

/** How many rows each array of ids is known to fit: columns are long, and predictions of a few of their rows frequent. */
const fits = new WeakMap<Int32Array, number>();

/** @throws CtrError `CTR_SCHEMA` for an id beyond the rows of its table. */
export function checkIds(name: string, ids: Int32Array, rows: number): void {
  if ((fits.get(ids) ?? Infinity) <= rows) return;
  let largest = 0;
  for (const id of ids) {
    if (id < 0 || id >= rows) throw new CtrError('CTR_SCHEMA', `an id of '${name}' is ${id}`, { expected: `0 to ${rows - 1}` });
    largest = Math.max(largest, id);
  }
  fits.set(ids, largest + 1);
}

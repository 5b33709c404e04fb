import { CtrError } from '../errors.js';
import { checkContent } from './check-content.js';

/**
 * Where a row finds its value in a column: `index[row]` is the position, row itself where there is no index.
 * So attributes are stored once for each item, not once for each row. -1 says that the row has no value.
 */
export interface Indexed {
  /** Position of each row's value; -1 for none. */
  readonly index?: Int32Array;
}

/** One string a position, as a code into `values`; a negative code is a missing (unknown) value. */
export interface RawCategorical extends Indexed {
  /** Discriminates the union. */
  readonly kind: 'categorical';
  /** Codes into `values`. */
  readonly codes: Int32Array;
  /** The distinct strings. */
  readonly values: readonly string[];
}

/** A list of strings a position: `codes[offsets[p] .. offsets[p + 1])`. */
export interface RawList extends Indexed {
  /** Discriminates the union. */
  readonly kind: 'list';
  /** Positions + 1 offsets into `codes`. */
  readonly offsets: Uint32Array;
  /** Codes into `values`. */
  readonly codes: Int32Array;
  /** The distinct strings. */
  readonly values: readonly string[];
}

/** A number a position; NaN is a missing value. */
export interface RawNumeric extends Indexed {
  /** Discriminates the union. */
  readonly kind: 'numeric';
  /** The numbers. */
  readonly values: Float32Array | Float64Array;
}

/** A vector a position, row major. */
export interface DenseColumn extends Indexed {
  /** Discriminates the union. */
  readonly kind: 'dense';
  /** Row-major components [positions, dimension]. */
  readonly data: Float32Array;
  /** Components of a vector. */
  readonly dimension: number;
}

/**
 * A list of past events a position: `events[offsets[p] .. offsets[p + 1])`, oldest first. An event is a position of the columns in
 * `fields`, where it stands once however many lists it is in.
 */
export interface RawEvents extends Indexed {
  /** Discriminates the union. */
  readonly kind: 'events';
  /** Positions + 1 offsets into `events`. */
  readonly offsets: Uint32Array;
  /** Positions of the columns in `fields`. */
  readonly events: Uint32Array;
  /** One column a field, by name. */
  readonly fields: Readonly<Record<string, RawCategorical | RawList>>;
}

/** A column as the data has it, before any vocabulary. */
export type RawColumn = RawCategorical | RawList | RawEvents | RawNumeric | DenseColumn;

/** One id of a table a position. */
export interface IdColumn extends Indexed {
  /** Discriminates the union. */
  readonly kind: 'ids';
  /** Ids; 0 is unknown. */
  readonly ids: Int32Array;
}

/** A list of ids a position: `ids[offsets[p] .. offsets[p + 1])`. */
export interface IdListColumn extends Indexed {
  /** Discriminates the union. */
  readonly kind: 'id-lists';
  /** Positions + 1 offsets into `ids`. */
  readonly offsets: Uint32Array;
  /** Ids; 0 is unknown. */
  readonly ids: Int32Array;
}

/** A list of past events a position; as {@link RawEvents}, with ids. */
export interface EventsColumn extends Indexed {
  /** Discriminates the union. */
  readonly kind: 'events';
  /** Positions + 1 offsets into `events`. */
  readonly offsets: Uint32Array;
  /** Positions of the columns in `fields`. */
  readonly events: Uint32Array;
  /** One column a field, by name. */
  readonly fields: Readonly<Record<string, IdColumn | IdListColumn>>;
}

/** A standardized number a position. */
export interface NumberColumn extends Indexed {
  /** Discriminates the union. */
  readonly kind: 'numbers';
  /** The numbers. */
  readonly values: Float32Array;
}

/** A column that batches are gathered from. Dense vectors stay as given; they are standardized when gathered. */
export type FeatureColumn = IdColumn | IdListColumn | EventsColumn | NumberColumn | DenseColumn;

/** Number of positions (without an index: rows) of a column. */
export function positionsOf(column: RawColumn | FeatureColumn): number {
  switch (column.kind) {
    case 'categorical':
      return column.codes.length;
    case 'ids':
      return column.ids.length;
    case 'list':
    case 'id-lists':
    case 'events':
      return column.offsets.length - 1;
    case 'numeric':
    case 'numbers':
      return column.values.length;
    case 'dense':
      return column.data.length / column.dimension;
  }
}

/**
 * @throws CtrError `CTR_LENGTH` unless the column has a value or a position for each of `rows` rows, `CTR_SCHEMA` for an index out of range
 * and what `checkContent` refuses.
 */
export function checkColumn(name: string, column: RawColumn | FeatureColumn, rows: number): void {
  checkContent(name, column);
  const positions = positionsOf(column);
  if (!Number.isInteger(positions)) {
    throw new CtrError('CTR_LENGTH', `the data of '${name}' does not divide into vectors of ${String((column as DenseColumn).dimension)}`);
  }
  const length = column.index?.length ?? positions;
  if (length !== rows) throw new CtrError('CTR_LENGTH', `the column '${name}' has ${length} rows`, { expected: `${rows}` });
  const bad = column.index?.findIndex((position) => position < -1 || position >= positions) ?? -1;
  if (bad >= 0) {
    throw new CtrError('CTR_SCHEMA', `row ${bad} of the column '${name}' points at position ${column.index?.[bad]}`, {
      expected: `-1 to ${positions - 1}`,
    });
  }
  if (column.kind === 'events') checkEvents(name, column);
}

/** Lists of events that are known to fit their fields: both are long, and shared by selections of a few rows. */
const checked = new WeakMap<object, Uint32Array>();

function checkEvents(name: string, { events, fields }: RawEvents | EventsColumn): void {
  if (checked.get(fields) === events) return;
  const last = events.reduce((largest, event) => Math.max(largest, event), -1);
  for (const [field, column] of Object.entries<RawColumn | FeatureColumn>(fields)) {
    const known = column.index?.length ?? positionsOf(column);
    checkColumn(`${name}.${field}`, column, known);
    if (last < known) continue;
    throw new CtrError('CTR_SCHEMA', `the events '${name}' hold the event ${last}`, { expected: `0 to ${known - 1}, as '${field}' has` });
  }
  checked.set(fields, events);
}

/** The same column for the rows `rows`, in that order; nothing is copied but the index. */
export function selectFromColumn<C extends RawColumn | FeatureColumn>(column: C, rows: ArrayLike<number>): C {
  const { index } = column;
  return { ...column, index: Int32Array.from(rows, index === undefined ? (row) => row : (row) => index[row]!) };
}

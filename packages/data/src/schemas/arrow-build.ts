import {
  Dictionary,
  Field,
  FixedSizeList,
  Float32,
  Int32,
  List,
  RecordBatch,
  Schema,
  Struct,
  Table,
  TimestampMillisecond,
  Uint16,
  Uint32,
  Uint8,
  Utf8,
  makeData,
  makeVector,
  vectorFromArray,
  type Data,
} from 'apache-arrow';

/** Rows in a record batch: small enough for a reader to stream, large enough that headers cost nothing. A multiple of 8, so bitmaps slice by bytes. */
export const ROWS_PER_BATCH = 65_536;

/** The metadata key that names a table's schema. */
export const SCHEMA_KEY = 'expctr.schema';

/** A column under construction: its field and its cells, whole (batches are cut by {@link buildTable}). */
export interface Column {
  /** Name, type and whether null may stand in it. */
  readonly field: Field;
  /** The cells. */
  readonly data: Data;
}

interface Validity {
  readonly nullCount: number;
  readonly nullBitmap?: Uint8Array;
}

/** Arrow's bitmap (1 = valid) for rows where `isNull` holds. */
function validity(length: number, isNull: ((row: number) => boolean) | undefined): Validity {
  if (isNull === undefined) return { nullCount: 0 };
  const nullBitmap = new Uint8Array((length + 7) >> 3);
  let nullCount = 0;
  for (let row = 0; row < length; row += 1) {
    if (isNull(row)) nullCount += 1;
    else nullBitmap[row >> 3] = nullBitmap[row >> 3]! | (1 << (row & 7));
  }
  return nullCount === 0 ? { nullCount } : { nullCount, nullBitmap };
}

function column(name: string, nullable: boolean, data: Data): Column {
  return { field: new Field(name, data.type, nullable), data };
}

/** A uint8 column. */
export const uint8Column = (name: string, data: Uint8Array): Column =>
  column(name, false, makeData({ type: new Uint8(), length: data.length, data }));

/** A uint16 column. */
export const uint16Column = (name: string, data: Uint16Array): Column =>
  column(name, false, makeData({ type: new Uint16(), length: data.length, data }));

/** A uint32 column. */
export const uint32Column = (name: string, data: Uint32Array): Column =>
  column(name, false, makeData({ type: new Uint32(), length: data.length, data }));

/** A float32 column; with `nullable`, NaN is written as null. */
export function float32Column(name: string, data: Float32Array, nullable = false): Column {
  const valid = validity(data.length, nullable ? (row) => Number.isNaN(data[row]) : undefined);
  return column(name, nullable, makeData({ type: new Float32(), length: data.length, data, ...valid }));
}

/** A timestamp[ms] column from milliseconds since 1970 (UTC); NaN is written as null. */
export function timestampColumn(name: string, milliseconds: Float64Array): Column {
  const { length } = milliseconds;
  const data = new BigInt64Array(length);
  const halves = new Int32Array(data.buffer); // little-endian halves: BigInt(x) for each row costs ten times as much
  for (let row = 0; row < length; row += 1) {
    const value = milliseconds[row]!;
    if (Number.isNaN(value)) continue;
    const high = Math.floor(value / 0x100000000);
    halves[2 * row] = (value - high * 0x100000000) | 0;
    halves[2 * row + 1] = high;
  }
  const valid = validity(length, (row) => Number.isNaN(milliseconds[row]));
  return column(name, true, makeData({ type: new TimestampMillisecond(), length, data, ...valid }));
}

/** A utf8 column. */
export const utf8Column = (name: string, values: readonly string[]): Column =>
  column(name, false, vectorFromArray([...values], new Utf8()).data[0] ?? makeVector(makeData({ type: new Utf8() })).data[0]!);

/**
 * A dictionary<utf8> column with int32 indices. `id` must differ between the columns of a table and be given: Arrow's own
 * counter runs through the process, and the same table would be written with other bytes the second time.
 * A negative code is written as null.
 */
export function dictionaryColumn(name: string, id: number, codes: Int32Array, values: readonly string[], nullable = false): Column {
  const dictionary = vectorFromArray([...values], new Utf8());
  const valid = validity(codes.length, nullable ? (row) => codes[row]! < 0 : undefined);
  const data = nullable ? codes.map((code) => Math.max(code, 0)) : codes;
  const type = new Dictionary(new Utf8(), new Int32(), id);
  return column(name, nullable, makeData({ type, length: codes.length, data, dictionary, ...valid }));
}

/** A list<uint32> column: row r holds `values[offsets[r] .. offsets[r + 1])`. */
export function uint32ListColumn(name: string, offsets: Uint32Array, values: Uint32Array): Column {
  const child = makeData({ type: new Uint32(), length: values.length, data: values });
  const type = new List(new Field('item', new Uint32(), true));
  return column(name, false, makeData({ type, length: offsets.length - 1, valueOffsets: new Int32Array(offsets), child }));
}

/** A list<float32> column: row r holds `values[offsets[r] .. offsets[r + 1])`. */
export function float32ListColumn(name: string, offsets: Uint32Array, values: Float32Array): Column {
  const child = makeData({ type: new Float32(), length: values.length, data: values });
  const type = new List(new Field('item', new Float32(), true));
  return column(name, false, makeData({ type, length: offsets.length - 1, valueOffsets: new Int32Array(offsets), child }));
}

/** A list<utf8> column. */
export function utf8ListColumn(name: string, lists: readonly (readonly string[])[]): Column {
  const valueOffsets = new Int32Array(lists.length + 1);
  lists.forEach((list, row) => (valueOffsets[row + 1] = valueOffsets[row]! + list.length));
  const child = utf8Column('item', lists.flat()).data as Data<Utf8>;
  const type = new List(new Field('item', new Utf8(), true));
  return column(name, false, makeData({ type, length: lists.length, valueOffsets, child }));
}

/** A fixed_size_list<float32>[dimension] column from row-major `values` [length, dimension]. */
export function vectorColumn(name: string, dimension: number, values: Float32Array): Column {
  const child = makeData({ type: new Float32(), length: values.length, data: values });
  const type = new FixedSizeList(dimension, new Field('item', new Float32(), true));
  return column(name, false, makeData({ type, length: values.length / dimension, child }));
}

/** A table with the schema metadata `{expctr.schema: name, ...metadata}`, cut into record batches. */
export function buildTable(
  name: string,
  length: number,
  columns: readonly Column[],
  metadata: Readonly<Record<string, string>> = {},
): Table {
  const fields = columns.map(({ field }) => field);
  const schema = new Schema(fields, new Map([[SCHEMA_KEY, name], ...Object.entries(metadata)]));
  const batches: RecordBatch[] = [];
  for (let start = 0; start === 0 || start < length; start += ROWS_PER_BATCH) {
    const rows = Math.min(ROWS_PER_BATCH, length - start);
    const children = columns.map(({ data }) => (rows === length ? data : data.slice(start, rows)));
    batches.push(new RecordBatch(schema, makeData({ type: new Struct(fields), length: rows, nullCount: 0, children })));
  }
  return new Table(schema, batches);
}

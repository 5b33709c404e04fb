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
  Vector,
  makeVector,
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

/** Arrow's bitmap (1 = valid) where numbers that are NaN are null. Loops, not callbacks: every row of millions passes here. */
function validNumbers(values: Float32Array | Float64Array): Validity {
  const { length } = values;
  let known = 0;
  for (let row = 0; row < length; row += 1) if (values[row] === values[row]) known += 1;
  if (known === length) return { nullCount: 0 };
  const nullBitmap = new Uint8Array((length + 7) >> 3);
  for (let row = 0; row < length; row += 1) if (values[row] === values[row]) nullBitmap[row >> 3]! |= 1 << (row & 7);
  return { nullCount: length - known, nullBitmap };
}

/** The same where codes that are negative are null. */
function validCodes(codes: Int32Array): Validity {
  const { length } = codes;
  let known = 0;
  for (let row = 0; row < length; row += 1) if (codes[row]! >= 0) known += 1;
  if (known === length) return { nullCount: 0 };
  const nullBitmap = new Uint8Array((length + 7) >> 3);
  for (let row = 0; row < length; row += 1) if (codes[row]! >= 0) nullBitmap[row >> 3]! |= 1 << (row & 7);
  return { nullCount: length - known, nullBitmap };
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
  const valid = nullable ? validNumbers(data) : { nullCount: 0 };
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
  const valid = validNumbers(milliseconds);
  return column(name, true, makeData({ type: new TimestampMillisecond(), length, data, ...valid }));
}

/** Strings as Arrow has them: end to end in one piece of UTF-8. Arrow's own builder, string by string, takes ten times as long. */
function utf8Data(values: readonly string[]): Data<Utf8> {
  const valueOffsets = new Int32Array(values.length + 1);
  const text = values.join('');
  let data = Buffer.from(text);
  let at = 0;
  const ascii = data.length === text.length;
  values.forEach((value, i) => (valueOffsets[i + 1] = at += ascii ? value.length : Buffer.byteLength(value)));
  if (at !== data.length) data = Buffer.concat(values.map((value) => Buffer.from(value))); // halves of a surrogate pair in two strings
  return makeData({ type: new Utf8(), length: values.length, nullCount: 0, valueOffsets, data });
}

/** A dictionary for {@link dictionaryColumn}: made once where many batches share it. */
export const dictionaryOf = (values: readonly string[]): Vector<Utf8> => makeVector(utf8Data(values));

/** A utf8 column. */
export const utf8Column = (name: string, values: readonly string[]): Column => column(name, false, utf8Data(values));

/**
 * A dictionary<utf8> column with int32 indices. `id` must differ between the columns of a table and be given: Arrow's own
 * counter runs through the process, and the same table would be written with other bytes the second time.
 * A negative code is written as null.
 */
export function dictionaryColumn(
  name: string,
  id: number,
  codes: Int32Array,
  values: readonly string[] | Vector<Utf8>,
  nullable = false,
): Column {
  const dictionary = values instanceof Vector ? values : dictionaryOf(values);
  const valid = nullable ? validCodes(codes) : { nullCount: 0 };
  const data = valid.nullCount === 0 ? codes : withoutNegatives(codes);
  const type = new Dictionary(new Utf8(), new Int32(), id);
  return column(name, nullable, makeData({ type, length: codes.length, data, dictionary, ...valid }));
}

function withoutNegatives(codes: Int32Array): Int32Array {
  const data = new Int32Array(codes.length);
  for (let row = 0; row < codes.length; row += 1) data[row] = codes[row]! < 0 ? 0 : codes[row]!;
  return data;
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
  return column(
    name,
    false,
    makeData({ type, length: offsets.length - 1, valueOffsets: new Int32Array(offsets.buffer, offsets.byteOffset, offsets.length), child }),
  );
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
  const schema = schemaOf(name, columns, metadata);
  const batches: RecordBatch[] = [];
  for (let start = 0; start === 0 || start < length; start += ROWS_PER_BATCH) {
    const rows = Math.min(ROWS_PER_BATCH, length - start);
    const part = columns.map(({ field, data }) => ({ field, data: rows === length ? data : sliceData(data, start, rows) }));
    batches.push(buildBatch(schema, rows, part));
  }
  return new Table(schema, batches);
}

/** Some rows of a column, from a multiple of 8 on. Arrow's own slice keeps the whole bitmap, and its writer would write all of it into every batch. */
function sliceData(data: Data, start: number, rows: number): Data {
  const part = data.slice(start, rows);
  if (part.nullCount === 0) return part;
  const bitmap = data.nullBitmap.subarray(start >> 3, (start + rows + 7) >> 3);
  return part.clone(part.type, 0, rows, part.nullCount, [
    part.valueOffsets,
    part.values,
    bitmap,
    part.typeIds,
  ] as unknown as Data['buffers']);
}

/** The schema of a table of these columns, with the metadata `{expctr.schema: name, ...metadata}`. */
export function schemaOf(name: string, columns: readonly Column[], metadata: Readonly<Record<string, string>> = {}): Schema {
  return new Schema(
    columns.map(({ field }) => field),
    new Map([[SCHEMA_KEY, name], ...Object.entries(metadata)]),
  );
}

/** One record batch of a table. */
export function buildBatch(schema: Schema, length: number, columns: readonly Column[]): RecordBatch {
  const children = columns.map(({ data }) => data);
  return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length, nullCount: 0, children }));
}

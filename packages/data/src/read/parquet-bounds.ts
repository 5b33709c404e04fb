import type { ColumnMetaData, FileMetaData } from 'hyparquet';

/** Rows of a row group that may take next to no bytes: equal values in a row are stored once. */
const ROWS_WITHOUT_BYTES = 1 << 24;
/** Rows that a byte of a row group can stand for at most, beyond these. */
const ROWS_A_BYTE = 1024;
/** Levels of lists inside lists that a footer has; a damaged one may have thousands. */
const DEEPEST = 32;

/** What the metadata of a Parquet file say of it that cannot be. */
export class ParquetDamage extends Error {}

/**
 * Holds the metadata of a Parquet file against its size: places of columns, numbers of rows and values. A reader makes room for
 * them before it reads.
 * @throws ParquetDamage which names the field and its bound
 */
export function checkParquet({ num_rows: rows, row_groups: groups, schema }: FileMetaData, fileBytes: number): void {
  within('num_rows', rows, Number.MAX_SAFE_INTEGER);
  checkSchema(schema);
  let sum = 0;
  for (const [at, group] of groups.entries()) {
    const where = `row group ${at}`;
    const bytes = group.columns.reduce(
      (total, { meta_data: column }) => total + Math.max(0, Number(column?.total_compressed_size ?? 0)),
      0,
    );
    const most = ROWS_WITHOUT_BYTES + ROWS_A_BYTE * Math.min(bytes, fileBytes);
    within(`num_rows of ${where}`, group.num_rows, most);
    sum += Number(group.num_rows);
    for (const { meta_data: column } of group.columns) {
      if (column === undefined) throw new ParquetDamage(`${where} has a column without metadata`);
      const name = `of ${column.path_in_schema.join('.')} in ${where}`;
      within(`num_values ${name}`, column.num_values, most);
      within(`total_compressed_size ${name}`, column.total_compressed_size, fileBytes);
      within(`data_page_offset ${name}`, column.data_page_offset, fileBytes);
      const dictionary = column.dictionary_page_offset ?? column.data_page_offset;
      within(`dictionary_page_offset ${name}`, dictionary, fileBytes);
      within(`the end ${name}`, firstPage(column) + column.total_compressed_size, fileBytes);
    }
  }
  if (sum !== Number(rows)) throw new ParquetDamage(`num_rows is ${rows}, and the row groups have ${sum}`);
}

/** Where a column begins: its dictionary, where it has one before its data. */
export function firstPage({ dictionary_page_offset: dictionary = 0n, data_page_offset: data }: ColumnMetaData): bigint {
  return dictionary > 0n && dictionary < data ? dictionary : data;
}

function within(field: string, value: bigint, most: number): void {
  if (typeof value !== 'bigint' || value < 0n || value > BigInt(most))
    throw new ParquetDamage(`${field} is ${value}; it can be 0 to ${most} in this file`);
}

/** Elements name the number of their children, which follow them. */
function checkSchema(schema: FileMetaData['schema']): void {
  let at = 0;
  const take = (depth: number): void => {
    const element = schema[at];
    at += 1;
    if (element === undefined || depth > DEEPEST) throw new ParquetDamage('num_children of the schema name more elements than it has');
    const children = element.num_children ?? 0;
    if (children < 0 || children > schema.length)
      throw new ParquetDamage(`num_children of ${element.name} is ${children}; the schema has ${schema.length} elements`);
    for (let child = 0; child < children; child += 1) take(depth + 1);
  };
  take(0);
  if (at !== schema.length) throw new ParquetDamage(`the schema has ${schema.length} elements, of which ${at} are part of it`);
}

/**
 * Walks the metadata of a Parquet file (Thrift, compact protocol) without building them: a list with fewer bytes than items would
 * have its room made first.
 * @param bytes the metadata, which begin with a struct
 * @throws ParquetDamage
 */
export function checkThrift(bytes: Uint8Array): void {
  let at = 0;
  const byte = (): number => {
    const value = bytes[at];
    if (value === undefined) throw new ParquetDamage('the metadata end inside a field');
    at += 1;
    return value;
  };
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 64; shift += 7) {
      const next = byte();
      value += (next & 0x7f) * 2 ** shift;
      if (next < 0x80) return value;
    }
    throw new ParquetDamage('the metadata hold a number of more than 64 bits');
  };
  const skip = (count: number, what: string): void => {
    if (count > bytes.length - at)
      throw new ParquetDamage(`the metadata have a ${what} of ${count} bytes, and ${bytes.length - at} follow`);
    at += count;
  };
  const struct = (depth: number): void => {
    for (let head = byte(); (head & 15) !== 0; head = byte()) {
      if (head >> 4 === 0) varint();
      value(head & 15, depth);
    }
  };
  /** Types by their number: 1 and 2 are true and false, which take no byte outside of a list. */
  function value(type: number, depth: number, listed = false): void {
    if (depth > DEEPEST) throw new ParquetDamage(`the metadata are nested more than ${DEEPEST} levels deep`);
    if (type <= 2 || type === 3) skip(listed || type === 3 ? 1 : 0, 'truth value');
    else if (type <= 6) varint();
    else if (type === 7) skip(8, 'number');
    else if (type === 8) skip(varint(), 'text');
    else if (type === 9) {
      const head = byte();
      const length = head >> 4 === 15 ? varint() : head >> 4;
      if (length > bytes.length - at)
        throw new ParquetDamage(`the metadata have a list of ${length} items, and ${bytes.length - at} bytes follow`);
      for (let item = 0; item < length; item += 1) value(head & 15, depth + 1, true);
    } else if (type === 12) struct(depth + 1);
    else throw new ParquetDamage(`the metadata have a field of the type ${type}`);
  }
  struct(0);
}

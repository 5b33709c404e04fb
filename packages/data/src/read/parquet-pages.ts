import type { ColumnMetaData, FileMetaData } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { ParquetDamage } from './parquet-bounds.js';

/** Highest repetition and definition level of a column: how many of the elements above it, and itself, repeat or may be missing. */
export interface Levels {
  readonly repetition: number;
  readonly definition: number;
}

/** The levels of every column of a schema, in the order of the columns of a row group. */
export function levelsOf(schema: FileMetaData['schema']): Levels[] {
  const found: Levels[] = [];
  let at = 0;
  const walk = (above: Levels, isRoot: boolean): void => {
    const { num_children: children = 0, repetition_type: kind } = schema[at]!;
    at += 1;
    const repeated = !isRoot && kind === 'REPEATED' ? 1 : 0;
    const own = {
      repetition: above.repetition + repeated,
      definition: above.definition + (repeated || (!isRoot && kind === 'OPTIONAL') ? 1 : 0),
    };
    if (children === 0) found.push(own);
    for (let child = 0; child < children; child += 1) walk(own, false);
  };
  walk({ repetition: 0, definition: 0 }, true);
  return found;
}

/**
 * Holds the pages of a column against what its metadata say, before hyparquet reads them: it takes the length of a run of equal
 * values at its word, and would fill memory with it.
 * @param chunk the column's bytes, from its first page on
 * @throws ParquetDamage
 */
export function checkPages(chunk: Uint8Array, column: ColumnMetaData, levels: Levels): void {
  let at = 0;
  while (at < chunk.length) {
    const header = new Thrift(chunk, at);
    const fields = header.struct();
    const [type, size, stored] = [fields.get(1), fields.get(2), fields.get(3)] as [number, number, number];
    at = header.at;
    if (!(stored >= 0 && stored <= chunk.length - at && size >= 0)) {
      throw new ParquetDamage(`a page of ${column.path_in_schema.join('.')} has ${stored} bytes, and ${chunk.length - at} follow`);
    }
    const bytes = chunk.subarray(at, at + stored);
    at += stored;
    const data = (fields.get(5) ?? fields.get(8)) as Fields | undefined;
    if (data === undefined) continue; // a dictionary, whose values are read one by one
    const values = data.get(1) as number;
    if (!(values >= 0 && BigInt(values) <= column.num_values)) {
      throw new ParquetDamage(`a page of ${column.path_in_schema.join('.')} has ${values} values; the column has ${column.num_values}`);
    }
    const page = { values, encoding: data.get(type === PAGE_V2 ? 4 : 2) as number, size };
    if (type === PAGE_V2) checkSecond(bytes, data, page, column, levels);
    else checkFirst(opened(bytes, size, column), page, column, levels);
  }
}

interface Page {
  readonly values: number;
  readonly encoding: number;
  readonly size: number;
}

const PAGE_V2 = 3;
/** Numbers of encodings whose values are runs of indices into a dictionary. */
const DICTIONARY: readonly number[] = [2, 8];
const RLE = 3;

/** Levels with their lengths before them, then the values, all of it compressed. */
function checkFirst(bytes: Uint8Array, page: Page, column: ColumnMetaData, levels: Levels): void {
  let at = 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const highest of [levels.repetition, levels.definition]) {
    if (highest === 0) continue;
    if (at + 4 > bytes.length) throw new ParquetDamage('a page ends inside its levels');
    const length = view.getUint32(at, true);
    at += 4;
    if (length > bytes.length - at) throw new ParquetDamage(`the levels of a page have ${length} bytes, and ${bytes.length - at} follow`);
    checkRuns(bytes.subarray(at, at + length), bitsOf(highest), page.values);
    at += length;
  }
  checkValues(bytes.subarray(at), page, column);
}

/** Levels as they are, whose lengths the header has, then the values, which may be compressed. */
function checkSecond(bytes: Uint8Array, header: Fields, page: Page, column: ColumnMetaData, levels: Levels): void {
  const [definition, repetition] = [header.get(5) ?? 0, header.get(6) ?? 0] as [number, number];
  if (!(definition >= 0 && repetition >= 0 && definition + repetition <= bytes.length)) {
    throw new ParquetDamage(`the levels of a page have ${definition + repetition} bytes, and the page ${bytes.length}`);
  }
  if (levels.repetition > 0) checkRuns(bytes.subarray(0, repetition), bitsOf(levels.repetition), page.values);
  if (levels.definition > 0) checkRuns(bytes.subarray(repetition, repetition + definition), bitsOf(levels.definition), page.values);
  const rest = bytes.subarray(repetition + definition);
  checkValues(header.get(7) === false ? rest : opened(rest, page.size - repetition - definition, column), page, column);
}

function checkValues(bytes: Uint8Array, { values, encoding }: Page, { type }: ColumnMetaData): void {
  if (type === 'BOOLEAN' && encoding === RLE) checkRuns(bytes.subarray(4), 1, values);
  else if (DICTIONARY.includes(encoding) && bytes.length > 0) checkRuns(bytes.subarray(1), bytes[0]!, values);
}

/** Runs of equal numbers, none longer than there are values, and of packed ones, whose bytes are there; writers fill up the last of these. */
function checkRuns(bytes: Uint8Array, bits: number, values: number): void {
  if (bits === 0) return;
  const thrift = new Thrift(bytes, 0);
  for (let seen = 0; seen < values && thrift.at < bytes.length;) {
    const head = thrift.varint();
    const packed = head % 2 === 1;
    const groups = Math.floor(head / 2); // of eight
    const [count, size] = packed ? [8 * groups, groups * bits] : [head / 2, Math.ceil(bits / 8)];
    if (packed ? size > bytes.length - thrift.at + bits : count > values) {
      throw new ParquetDamage(`a page of ${values} values has a run of ${count}, and ${bytes.length - thrift.at} bytes follow`);
    }
    seen += count;
    thrift.at += size;
  }
}

const bitsOf = (highest: number): number => 32 - Math.clz32(highest);

/** What a page was before it was compressed. Where it cannot be had, hyparquet says so when it reads. */
function opened(bytes: Uint8Array, size: number, { codec }: ColumnMetaData): Uint8Array {
  const decompress = codec === 'UNCOMPRESSED' ? undefined : compressors[codec];
  if (decompress === undefined || size === 0) return bytes;
  const page: unknown = decompress(bytes, size);
  if (page instanceof Uint8Array && page.length === size) return page;
  throw new ParquetDamage(`a page has not the ${size} bytes that its header says`);
}

type Fields = ReadonlyMap<number, unknown>;

/** Numbers and structs of Thrift's compact protocol, as far as the headers of pages have them. */
class Thrift {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 64; shift += 7) {
      const next = this.#byte();
      value += (next & 0x7f) * 2 ** shift;
      if (next < 0x80) return value;
    }
    throw new ParquetDamage('the header of a page holds a number of more than 64 bits');
  }

  struct(depth = 0): Fields {
    if (depth > 8) throw new ParquetDamage('the header of a page is nested too deep');
    const fields = new Map<number, unknown>();
    let field = 0;
    for (let head = this.#byte(); (head & 15) !== 0; head = this.#byte()) {
      field = head >> 4 === 0 ? this.#signed() : field + (head >> 4);
      fields.set(field, this.#value(head & 15, depth));
    }
    return fields;
  }

  #value(type: number, depth: number): unknown {
    if (type === 1 || type === 2) return type === 1;
    if (type === 3) return this.#byte();
    if (type <= 6) return this.#signed();
    if (type === 7) return this.#skip(8);
    if (type === 8) return this.#skip(this.varint());
    if (type === 12) return this.struct(depth + 1);
    throw new ParquetDamage(`the header of a page has a field of the type ${type}`);
  }

  #skip(count: number): undefined {
    if (count > this.#bytes.length - this.at) throw new ParquetDamage('the header of a page ends inside a field');
    this.at += count;
  }

  /** Numbers are written with their sign last: 0, -1, 1, -2, … are 0, 1, 2, 3, … */
  #signed(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  #byte(): number {
    const value = this.#bytes[this.at];
    if (value === undefined) throw new ParquetDamage('a page ends inside its header');
    this.at += 1;
    return value;
  }
}

import { DataType, type Table, type Vector } from 'apache-arrow';
import { DataError } from '../errors.js';

/** The column `name`. @throws DataError (`DATA_MISSING_COLUMN`). */
export function columnOf(table: Table, name: string): Vector {
  const found: Vector | null = table.getChild(name);
  if (found === null) {
    const names = table.schema.fields.map((field) => field.name).join(', ');
    throw new DataError('DATA_MISSING_COLUMN', `there is no column '${name}'`, { expected: `it among the columns, which are: ${names}` });
  }
  return found;
}

/** A typed array of numbers. */
export type NumberArray = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

/** Copies arrays end to end into `whole`, which has room for them. */
export function joinArrays<T extends NumberArray>(parts: readonly T[], whole: T): T {
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Copies a numeric column into `target`; `missing` stands for null. */
export function readNumbers<T extends NumberArray>(vector: Vector, target: T, missing = NaN): T {
  let row = 0;
  for (const data of vector.data) {
    const values = data.values as ArrayLike<number | bigint>;
    const hasNulls = data.nullCount > 0;
    for (let i = 0; i < data.length; i += 1, row += 1) {
      target[row] = hasNulls && !data.getValid(i) ? missing : Number(values[i]);
    }
  }
  return target;
}

/** Strings as codes into the list of distinct values, in the order of the dictionary (for plain strings: of first appearance). Null is -1. */
export interface CodedStrings {
  /** For each row its code, or -1. */
  readonly codes: Int32Array;
  /** Strings by code. */
  readonly values: string[];
}

/** Reads dictionary<utf8> or utf8 as codes. A dictionary keeps its order, unused values included. */
export function readCodes(vector: Vector): CodedStrings {
  return codeReader().read(vector);
}

/** Of {@link codeReader}. */
export interface CodeReader {
  /** The codes of the next part, and all values so far. */
  read(part: Vector): CodedStrings;
}

/** Reads the parts of one column, so that equal strings have equal codes in all of them; `values` grows from part to part. */
export function codeReader(): CodeReader {
  const values: string[] = [];
  const codeOf = new Map<string, number>();
  const intern = (value: string): number => {
    let code = codeOf.get(value);
    if (code === undefined) {
      code = values.push(value) - 1;
      codeOf.set(value, code);
    }
    return code;
  };
  const translations = new Map<Vector, Int32Array>(); // batches usually share one dictionary; they need not
  function read(vector: Vector): CodedStrings {
    const codes = new Int32Array(vector.length);
    let row = 0;
    for (const data of vector.data) {
      if (DataType.isDictionary(data.type)) {
        const dictionary = data.dictionary as Vector<DataType>;
        let translation = translations.get(dictionary);
        if (translation === undefined) {
          translation = Int32Array.from({ length: dictionary.length }, (_, i) => intern(String(dictionary.get(i))));
          translations.set(dictionary, translation);
        }
        const indices = data.values as ArrayLike<number | bigint>;
        for (let i = 0; i < data.length; i += 1, row += 1) codes[row] = data.getValid(i) ? translation[Number(indices[i])]! : -1;
      } else {
        for (let i = 0; i < data.length; i += 1, row += 1) {
          const value = vector.get(row) as string | null;
          codes[row] = value === null ? -1 : intern(value);
        }
      }
    }
    return { codes, values };
  }
  return { read };
}

/** Reads a utf8 or dictionary<utf8> column as strings; null becomes the empty string. */
export function readStrings(vector: Vector): string[] {
  const { codes, values } = DataType.isDictionary(vector.type) ? readCodes(vector) : { codes: undefined, values: [] };
  if (codes !== undefined) return Array.from(codes, (code) => values[code] ?? '');
  const strings = new Array<string>(vector.length);
  for (let row = 0; row < vector.length; row += 1) strings[row] = (vector.get(row) as string | null) ?? '';
  return strings;
}

/** Reads a list<utf8> column; null becomes the empty list. */
export function readStringLists(vector: Vector): string[][] {
  const lists = new Array<string[]>(vector.length);
  for (let row = 0; row < vector.length; row += 1) {
    const list = vector.get(row) as Iterable<string | null> | null;
    lists[row] = list === null ? [] : Array.from(list, (value) => value ?? '');
  }
  return lists;
}

/** A list column: row r holds `values[offsets[r] .. offsets[r + 1])`. */
export interface Uint32Lists {
  /** length + 1 offsets. */
  readonly offsets: Uint32Array;
  /** All lists, end to end. */
  readonly values: Uint32Array;
}

/** Reads a list<uint32> column as offsets (length + 1) and values; null becomes the empty list. */
export function readUint32Lists(vector: Vector): Uint32Lists {
  const offsets = new Uint32Array(vector.length + 1);
  let row = 0;
  for (const data of vector.data) {
    const bounds = data.valueOffsets as ArrayLike<number | bigint>;
    for (let i = 0; i < data.length; i += 1, row += 1) {
      const size = data.getValid(i) ? Number(bounds[i + 1]) - Number(bounds[i]) : 0;
      offsets[row + 1] = offsets[row]! + size;
    }
  }
  const values = new Uint32Array(offsets[vector.length]!);
  row = 0;
  for (const data of vector.data) {
    const bounds = data.valueOffsets as ArrayLike<number | bigint>;
    const child = data.children[0]?.values as Uint32Array;
    for (let i = 0; i < data.length; i += 1, row += 1) {
      const start = Number(bounds[i]);
      for (let k = offsets[row]!; k < offsets[row + 1]!; k += 1) values[k] = child[start + k - offsets[row]!]!;
    }
  }
  return { offsets, values };
}

/** Reads a fixed_size_list<float32> column, row major. */
export function readVectors(vector: Vector, dimension: number): Float32Array {
  const values = new Float32Array(vector.length * dimension);
  let at = 0;
  for (const data of vector.data) {
    const child = data.children[0]?.values as Float32Array;
    values.set(child.subarray(0, data.length * dimension), at);
    at += data.length * dimension;
  }
  return values;
}

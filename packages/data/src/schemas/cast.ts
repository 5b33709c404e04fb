import { DataType, DateUnit, TimeUnit, makeVector, type Vector } from 'apache-arrow';
import { DataError } from '../errors.js';
import {
  float32Column,
  float32ListColumn,
  timestampColumn,
  uint16Column,
  uint32Column,
  uint32ListColumn,
  uint8Column,
  utf8Column,
  utf8ListColumn,
  vectorColumn,
} from './arrow-build.js';

const LIMITS = { uint8: 0xff, uint16: 0xffff, uint32: 0xffff_ffff } as const;

/** Says what a value is instead of what it should be. */
type Fail = (row: number, value: unknown) => never;

/**
 * A column as another type, where every value fits.
 * @param type one of the types that {@link validateTable} names: `uint32`, `float32`, `utf8`, `dictionary<utf8>`, `timestamp[ms]`, ...
 * @throws DataError `DATA_CAST` with the row of the first value that does not fit.
 */
export function castColumn(vector: Vector, name: string, type: string): Vector {
  const fail: Fail = (row, value) => {
    const text = JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? Number(part) : part));
    throw new DataError('DATA_CAST', `${text} cannot become ${type}`, {
      where: `column '${name}', row ${row}`,
      expected: `values of ${String(vector.type)} that are ${type} without loss`,
    });
  };
  const to = CASTS[type];
  if (to === undefined)
    throw new DataError('DATA_COLUMN_TYPE', `its type is ${String(vector.type)}`, { where: `column '${name}'`, expected: type });
  return makeVector(to(vector, name, fail).data);
}

const CASTS: Readonly<Record<string, (vector: Vector, name: string, fail: Fail) => { data: Vector['data'][number] }>> = {
  uint8: (vector, name, fail) => uint8Column(name, wholeNumbers(vector, new Uint8Array(vector.length), LIMITS.uint8, fail)),
  uint16: (vector, name, fail) => uint16Column(name, wholeNumbers(vector, new Uint16Array(vector.length), LIMITS.uint16, fail)),
  uint32: (vector, name, fail) => uint32Column(name, wholeNumbers(vector, new Uint32Array(vector.length), LIMITS.uint32, fail)),
  float32: (vector, name, fail) => float32Column(name, Float32Array.from(floats(vector, fail)), true),
  utf8: (vector, name, fail) => utf8Column(name, texts(vector, fail)),
  'dictionary<utf8>': (vector, name, fail) => utf8Column(name, texts(vector, fail)),
  'timestamp[ms]': (vector, name, fail) => timestampColumn(name, milliseconds(vector, fail)),
  'list<uint32>': (vector, name, fail) => {
    const offsets = offsetsOf(vector, fail);
    const values = new Uint32Array(offsets[vector.length]!);
    let at = 0;
    eachElement(vector, (value, row) => (values[at++] = wholeNumber(value, row, LIMITS.uint32, fail)));
    return uint32ListColumn(name, offsets, values);
  },
  'list<float32>': (vector, name, fail) => {
    const offsets = offsetsOf(vector, fail);
    const values = new Float32Array(offsets[vector.length]!);
    let at = 0;
    eachElement(vector, (value, row) => (values[at++] = float(value, row, fail)));
    return float32ListColumn(name, offsets, values);
  },
  'list<utf8>': (vector, name, fail) => {
    offsetsOf(vector, fail); // every row is a list
    return utf8ListColumn(
      name,
      Array.from(cells(vector), (list, row) => Array.from(list as Iterable<unknown>, (value) => text(value, row, fail))),
    );
  },
  'fixed_size_list<float32>': (vector, name, fail) => {
    const offsets = offsetsOf(vector, fail);
    const dimension = offsets[1] ?? 1;
    const values = new Float32Array(vector.length * dimension);
    for (let row = 0; row < vector.length; row += 1) {
      if (offsets[row + 1] !== (row + 1) * dimension) fail(row, [...(vector.get(row) as Iterable<unknown>)]);
    }
    let at = 0;
    eachElement(vector, (value, row) => (values[at++] = float(value, row, fail)));
    return vectorColumn(name, dimension, values);
  },
};

function* cells(vector: Vector): Generator<unknown> {
  for (let row = 0; row < vector.length; row += 1) yield vector.get(row);
}

/** Numbers, also where Arrow gives them as bigint, as truth values, or as floats that are whole. */
function wholeNumber(value: unknown, row: number, limit: number, fail: Fail): number {
  const number = typeof value === 'bigint' || typeof value === 'boolean' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number > limit) return fail(row, value);
  return number;
}

function wholeNumbers<T extends Uint8Array | Uint16Array | Uint32Array>(vector: Vector, target: T, limit: number, fail: Fail): T {
  let row = 0;
  for (const value of cells(vector)) target[row] = wholeNumber(value, row++, limit, fail);
  return target;
}

function float(value: unknown, row: number, fail: Fail): number {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number !== 'number' || Math.fround(number) === Infinity || Math.fround(number) === -Infinity) return fail(row, value);
  return number;
}

/** Null is NaN. */
function floats(vector: Vector, fail: Fail): number[] {
  return Array.from(cells(vector), (value, row) => (value === null ? NaN : float(value, row, fail)));
}

function text(value: unknown, row: number, fail: Fail): string {
  if (typeof value === 'string') return value;
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value)) ? String(value) : fail(row, value);
}

function texts(vector: Vector, fail: Fail): string[] {
  return Array.from(cells(vector), (value, row) => text(value, row, fail));
}

/** From a timestamp or a date; a bare number does not say its unit. Null is NaN. */
function milliseconds(vector: Vector, fail: Fail): Float64Array {
  const type = vector.type as DataType;
  if (!DataType.isTimestamp(type) && !DataType.isDate(type)) {
    const row = Array.from(cells(vector)).findIndex((value) => value !== null);
    if (row >= 0) return fail(row, vector.get(row));
  }
  const target = new Float64Array(vector.length);
  let row = 0;
  for (const data of vector.data) {
    const values = data.values as ArrayLike<number | bigint>;
    for (let i = 0; i < data.length; i += 1, row += 1) target[row] = data.getValid(i) ? millisecondsOf(type, values, i) : NaN;
  }
  return target;
}

function millisecondsOf(type: DataType, values: ArrayLike<number | bigint>, at: number): number {
  const value = values[at]!;
  if (DataType.isDate(type)) return type.unit === DateUnit.DAY ? Number(value) * 86_400_000 : Number(value);
  if (!DataType.isTimestamp(type) || type.unit === TimeUnit.MILLISECOND) return Number(value);
  if (type.unit === TimeUnit.SECOND) return Number(value) * 1000;
  const [exact, finer] = [BigInt(value), type.unit === TimeUnit.MICROSECOND ? 1000n : 1_000_000n]; // nanoseconds are beyond a double's precision
  return Number(exact / finer) - (exact < 0n && exact % finer !== 0n ? 1 : 0);
}

/** Where each row's list begins, and the end of the last. */
function offsetsOf(vector: Vector, fail: Fail): Uint32Array {
  const offsets = new Uint32Array(vector.length + 1);
  let row = 0;
  for (const value of cells(vector)) {
    const length = (value as { length?: number } | null)?.length;
    offsets[row + 1] = offsets[row]! + (typeof value === 'object' && length !== undefined ? length : fail(row, value));
    row += 1;
  }
  return offsets;
}

function eachElement(vector: Vector, visit: (value: unknown, row: number) => void): void {
  let row = 0;
  for (const list of cells(vector)) {
    for (const value of list as Iterable<unknown>) visit(value, row);
    row += 1;
  }
}

import { CtrError } from '../errors.js';
import type { FeatureColumn, RawColumn } from './columns.js';

type Kind = (RawColumn | FeatureColumn)['kind'];

/** The typed arrays of each kind of column. */
const ARRAYS: { readonly [K in Kind]: readonly string[] } = {
  categorical: ['codes'],
  list: ['offsets', 'codes'],
  events: ['offsets', 'events'],
  numeric: ['values'],
  dense: ['data'],
  ids: ['ids'],
  'id-lists': ['offsets', 'ids'],
  numbers: ['values'],
};

/** Columns' arrays that are known to be sound, with what they point into: both are long, and shared by selections of a few rows. */
const sound = new WeakMap<object, unknown>();

/**
 * Refuses what the types of columns refuse, and what they cannot say: lists that run backward or beyond their entries, and codes without a
 * value.
 * @throws CtrError `CTR_SCHEMA` naming the column and where in it
 */
export function checkContent(name: string, column: RawColumn | FeatureColumn): void {
  const given: unknown = column;
  if (typeof given !== 'object' || given === null)
    throw broken(`the column '${name}' is ${given === null ? 'null' : typeof given}`, 'a column');
  if (!Object.hasOwn(ARRAYS, column.kind)) {
    throw broken(`the column '${name}' is of the kind ${JSON.stringify(column.kind)}`, `one of ${Object.keys(ARRAYS).join(', ')}`);
  }
  const parts = column as unknown as Readonly<Record<string, unknown>>;
  for (const array of [...ARRAYS[column.kind], ...(column.index === undefined ? [] : ['index'])]) {
    const value = parts[array];
    if (ArrayBuffer.isView(value) && !(value instanceof DataView)) continue;
    const what = value === undefined ? 'missing' : Array.isArray(value) ? 'an array' : value === null ? 'null' : typeof value;
    throw broken(`${array} of the column '${name}' is ${what}`, 'a typed array');
  }
  if (column.kind === 'dense' && (!Number.isInteger(column.dimension) || column.dimension < 1)) {
    throw new CtrError('CTR_LENGTH', `the data of '${name}' does not divide into vectors of ${String(column.dimension)}`, {
      expected: 'a dimension of at least 1',
    });
  }
  if ('offsets' in column) {
    checkOffsets(name, column.offsets, 'codes' in column ? column.codes : 'ids' in column ? column.ids : column.events);
  }
  if ('codes' in column) checkCodes(name, column.codes, column.values);
}

function checkOffsets(name: string, offsets: Uint32Array, entries: { readonly length: number }): void {
  if (sound.get(offsets) === entries) return;
  if (offsets.length === 0) throw broken(`the column '${name}' has no offsets`, 'one more than there are lists');
  for (let at = 0; at < offsets.length; at += 1) {
    const [before, offset] = [at === 0 ? 0 : offsets[at - 1]!, offsets[at]!];
    if (offset >= before && offset <= entries.length) continue;
    throw broken(`offset ${at} of the column '${name}' is ${offset}`, `${before} to ${entries.length}`);
  }
  sound.set(offsets, entries);
}

function checkCodes(name: string, codes: Int32Array, values: readonly string[]): void {
  if (sound.get(codes) === values) return;
  if (!Array.isArray(values)) throw broken(`values of the column '${name}' are ${typeof values}`, 'an array of strings');
  const bad = codes.findIndex((code) => !(code < values.length));
  if (bad >= 0) throw broken(`code ${bad} of the column '${name}' is ${codes[bad]}`, `below ${values.length}, the number of values`);
  sound.set(codes, values);
}

function broken(what: string, expected: string): CtrError {
  return new CtrError('CTR_SCHEMA', what, { expected });
}

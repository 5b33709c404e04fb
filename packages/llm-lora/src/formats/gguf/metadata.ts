import type { Cursor } from './cursor.js';
import { damaged } from './errors.js';

/** A metadata value. */
export type GgufValue = number | bigint | boolean | string | readonly GgufValue[];

/** Metadata by key, `general.architecture` and so on. */
export type GgufMetadata = Readonly<Record<string, GgufValue>>;

interface ValueType {
  /** Smallest number of bytes that one value takes. */
  readonly bytes: number;
  read(cursor: Cursor): GgufValue;
}

/** Value types by their number in the file (`gguf_type` of ggml's gguf.h); arrays (9) are read by `readArray`. */
const VALUE_TYPES: Readonly<Record<number, ValueType>> = {
  0: { bytes: 1, read: (cursor) => cursor.uint8() },
  1: { bytes: 1, read: (cursor) => cursor.int8() },
  2: { bytes: 2, read: (cursor) => cursor.uint16() },
  3: { bytes: 2, read: (cursor) => cursor.int16() },
  4: { bytes: 4, read: (cursor) => cursor.uint32() },
  5: { bytes: 4, read: (cursor) => cursor.int32() },
  6: { bytes: 4, read: (cursor) => cursor.float32() },
  7: { bytes: 1, read: (cursor) => cursor.uint8() !== 0 },
  8: { bytes: 8, read: (cursor) => cursor.text() },
  10: { bytes: 8, read: (cursor) => cursor.uint64() },
  11: { bytes: 8, read: (cursor) => cursor.int64() },
  12: { bytes: 8, read: (cursor) => cursor.float64() },
};
const ARRAY = 9;

/** An array in an array in an array is the most that is read; deeper nesting is a damaged file. */
const DEEPEST_ARRAY = 3;

/** Told of each value as it is read: where its type begins, and where it ends. */
export type OnValue = (key: string, begin: number, end: number) => void;

/** Reads `count` keys with their values. @throws FormatError `GGUF_TRUNCATED`, `GGUF_BAD_HEADER`. */
export function readMetadata(cursor: Cursor, count: number, onValue?: OnValue): GgufMetadata {
  cursor.within('the metadata');
  cursor.expectItems(count, 13);
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < count; i += 1) {
    cursor.within(`metadata entry ${i}`);
    const key = cursor.text();
    if (metadata.has(key)) throw damaged(cursor.path, `the metadata key ${key} occurs twice`, 'each key once');
    cursor.within(`the value of ${key}`);
    const begin = cursor.position;
    metadata.set(key, readValue(cursor, cursor.uint32(), key, 0));
    onValue?.(key, begin, cursor.position);
  }
  return Object.fromEntries(metadata);
}

function readValue(cursor: Cursor, type: number, key: string, depth: number): GgufValue {
  if (type === ARRAY) return readArray(cursor, key, depth);
  return valueType(cursor, type, key).read(cursor);
}

function readArray(cursor: Cursor, key: string, depth: number): GgufValue {
  if (depth === DEEPEST_ARRAY) throw damaged(cursor.path, `the value of ${key} is nested too deep`, `at most ${DEEPEST_ARRAY} levels`);
  const type = cursor.uint32();
  const length = cursor.count();
  const bytes = type === ARRAY ? 12 : valueType(cursor, type, key).bytes;
  cursor.expectItems(length, bytes);
  const values: GgufValue[] = [];
  for (let i = 0; i < length; i += 1) values.push(readValue(cursor, type, key, depth + 1));
  return values;
}

function valueType(cursor: Cursor, type: number, key: string): ValueType {
  const found = VALUE_TYPES[type];
  if (found !== undefined) return found;
  throw damaged(cursor.path, `the value of ${key} has the unknown type ${type}`, 'a type from 0 to 12');
}

import { decodeText, type Encoding } from './field-values.js';

type NumberArray = Int32Array | Float32Array | Float64Array;

/** Blocks double up to this many values. */
const BLOCK = 1 << 20;
const FIRST_BLOCK = 1 << 12;

/** A numeric column that grows by blocks: no copy on growth, one at the end. */
export interface GrowingColumn<T extends NumberArray> {
  readonly length: number;
  push(value: number): void;
  /** The whole column; it must not grow afterwards. */
  finish(): T;
}

/** An empty growing column of the given array type. */
export function growingColumn<T extends NumberArray>(ArrayType: new (length: number) => T): GrowingColumn<T> {
  let blocks: T[] = [];
  let block = new ArrayType(0);
  let used = 0;
  let full = 0;
  return {
    get length() {
      return full + used;
    },
    push(value) {
      if (used === block.length) {
        full += used;
        block = new ArrayType(Math.min(BLOCK, Math.max(FIRST_BLOCK, full)));
        blocks.push(block);
        used = 0;
      }
      block[used] = value;
      used += 1;
    },
    finish() {
      const whole = new ArrayType(full + used);
      let at = 0;
      for (const part of blocks) {
        whole.set(part.subarray(0, Math.min(part.length, whole.length - at)), at);
        at += part.length;
      }
      blocks = [];
      return whole;
    },
  };
}

/** Gives equal byte strings equal codes, from 0 in the order of first appearance. */
export interface Interner {
  /** The code of `bytes[start, end)`. */
  code(bytes: Buffer, start: number, end: number): number;
  /** The code of a text. */
  codeOfText(text: string): number;
  /** The strings by code. */
  readonly values: readonly string[];
}

/** A hash table over bytes: no string is made for a value that was seen before. */
export function createInterner(encoding: Encoding = 'utf-8'): Interner {
  const values: string[] = [];
  let store = Buffer.alloc(1 << 16);
  let stored = 0;
  let offsets = new Int32Array(1 << 10);
  let slots = new Int32Array(1 << 11).fill(-1);
  let hashes = new Int32Array(1 << 10);
  let lastCode = -1;

  const equals = (code: number, bytes: Buffer, start: number, end: number): boolean => {
    const from = offsets[code]!;
    if (offsets[code + 1]! - from !== end - start) return false;
    for (let i = start, j = from; i < end; i += 1, j += 1) if (bytes[i] !== store[j]) return false;
    return true;
  };

  function add(bytes: Buffer, start: number, end: number, hash: number): number {
    const code = values.push(decodeText(bytes.subarray(start, end), encoding) ?? bytes.toString('utf8', start, end)) - 1;
    while (stored + end - start > store.length) store = Buffer.concat([store, Buffer.alloc(store.length)]);
    bytes.copy(store, stored, start, end);
    if (code + 2 > offsets.length) {
      const [oldOffsets, oldHashes] = [offsets, hashes];
      (offsets = new Int32Array(2 * oldOffsets.length)).set(oldOffsets);
      (hashes = new Int32Array(2 * oldHashes.length)).set(oldHashes);
    }
    offsets[code] = stored;
    stored += end - start;
    offsets[code + 1] = stored;
    hashes[code] = hash;
    if (2 * values.length > slots.length) {
      slots = new Int32Array(2 * slots.length).fill(-1);
      for (let other = 0; other < code; other += 1) place(other);
    }
    place(code);
    return code;
  }

  function place(code: number): void {
    const mask = slots.length - 1;
    let slot = hashes[code]! & mask;
    while (slots[slot]! >= 0) slot = (slot + 1) & mask;
    slots[slot] = code;
  }

  return {
    values,
    codeOfText(text) {
      const bytes = Buffer.from(text);
      return code(bytes, 0, bytes.length);
    },
    code,
  };

  function code(bytes: Buffer, start: number, end: number): number {
    if (lastCode >= 0 && equals(lastCode, bytes, start, end)) return lastCode; // files are often sorted by user
    let hash = 0x811c9dc5;
    for (let i = start; i < end; i += 1) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    hash ^= hash >>> 15;
    const mask = slots.length - 1;
    let slot = hash & mask;
    while (slots[slot]! >= 0) {
      const found = slots[slot]!;
      if (hashes[found] === hash && equals(found, bytes, start, end)) return (lastCode = found);
      slot = (slot + 1) & mask;
    }
    return (lastCode = add(bytes, start, end, hash));
  }
}

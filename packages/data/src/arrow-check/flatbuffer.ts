import { ArrowDamage } from './damage.js';

// https://flatbuffers.dev/internals: a table begins with the distance back to its vtable, which holds the size of both and the
// place of each field; vectors and strings begin with their length; all little-endian, offsets unsigned and forward.

/** A table of a flatbuffer. Every look-up stays within the bytes, or is an {@link ArrowDamage}. Fields are named by their number. */
export interface FlatTable {
  /** A number of 1, 2 or 4 bytes; negative where its highest bit is set. */
  integer(field: number, bytes: 1 | 2 | 4, absent: number): number;
  /** A 64-bit count or place: from 0 to 2^53. */
  size(field: number): number;
  /** Another table. */
  table(field: number): FlatTable | undefined;
  /** A list of tables. */
  tables(field: number): FlatTable[];
  /** The length of a list of items of a size. */
  listLength(field: number, itemBytes: number): number;
  /** A list of structs of so many 64-bit numbers each. */
  structs(field: number, words: number): Structs;
  /** A text. */
  text(field: number): string | undefined;
}

/** A list of structs of 64-bit words, read when they are asked for. */
export interface Structs {
  readonly length: number;
  /** A word as a count or place: from 0 to 2^53. */
  size(index: number, word: number): number;
}

/** Tables inside tables; a schema has a few levels. */
const DEEPEST = 64;

/** The root table of a flatbuffer. @throws ArrowDamage, also from every look-up in it */
export function rootTable(bytes: Uint8Array, what: string): FlatTable {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Two offsets may lead to one table, so a few bytes can name very many: a tree without sharing has at most one for 4 bytes.
  let tablesLeft = Math.ceil(bytes.byteLength / 4);

  const within = (at: number, length: number): number => {
    if (at >= 0 && at + length <= bytes.byteLength) return at;
    throw new ArrowDamage(`${what} points at byte ${at + length} of its ${bytes.byteLength}`, 'offsets within it');
  };
  const follow = (at: number): number => at + view.getUint32(within(at, 4), true);
  const size64 = (at: number): number => {
    const value = view.getBigInt64(within(at, 8), true);
    if (value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
    throw new ArrowDamage(`${what} has a length or place of ${value}`, 'a count within the file');
  };

  function tableAt(at: number, depth: number): FlatTable {
    tablesLeft -= 1;
    if (tablesLeft < 0 || depth > DEEPEST) throw new ArrowDamage(`${what} repeats itself`, `at most ${DEEPEST} levels, each part once`);
    const vtable = at - view.getInt32(within(at, 4), true);
    const vtableBytes = view.getUint16(within(vtable, 4), true);
    const tableBytes = view.getUint16(vtable + 2, true);
    within(vtable, Math.max(4, vtableBytes));
    within(at, Math.max(4, tableBytes));
    const place = (field: number, bytesOf: number): number | undefined => {
      const entry = 4 + 2 * field;
      const offset = entry + 2 <= vtableBytes ? view.getUint16(vtable + entry, true) : 0;
      if (offset === 0) return undefined;
      if (offset < 4 || offset + bytesOf > tableBytes) throw new ArrowDamage(`${what} has a field outside its table`, 'an undamaged file');
      return at + offset;
    };
    const vector = (field: number, itemBytes: number): { start: number; length: number } => {
      const found = place(field, 4);
      if (found === undefined) return { start: 0, length: 0 };
      const start = follow(found);
      const length = view.getUint32(within(start, 4), true);
      within(start + 4, length * itemBytes);
      return { start: start + 4, length };
    };
    return {
      integer(field, bytesOf, absent) {
        const found = place(field, bytesOf);
        if (found === undefined) return absent;
        return bytesOf === 1 ? view.getInt8(found) : bytesOf === 2 ? view.getInt16(found, true) : view.getInt32(found, true);
      },
      size(field) {
        const found = place(field, 8);
        return found === undefined ? 0 : size64(found);
      },
      table(field) {
        const found = place(field, 4);
        return found === undefined ? undefined : tableAt(follow(found), depth + 1);
      },
      tables(field) {
        const { start, length } = vector(field, 4);
        return Array.from({ length }, (_, index) => tableAt(follow(start + 4 * index), depth + 1));
      },
      listLength: (field, itemBytes) => vector(field, itemBytes).length,
      structs(field, words) {
        const { start, length } = vector(field, 8 * words);
        return { length, size: (index, word) => size64(start + 8 * (index * words + word)) };
      },
      text(field) {
        const found = place(field, 4);
        if (found === undefined) return undefined;
        const start = follow(found);
        const length = view.getUint32(within(start, 4), true);
        within(start + 4, length);
        return Buffer.from(bytes.buffer, bytes.byteOffset + start + 4, length).toString('utf8');
      },
    };
  }
  return tableAt(follow(0), 0);
}

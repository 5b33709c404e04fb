import { damaged, truncated } from './errors.js';

/** Thrown where a header goes on beyond the bytes read so far, and the file has more. */
export class NeedsMoreBytes extends Error {}

/** Reads a GGUF header's little-endian values one after another from the file's first bytes. */
export interface Cursor {
  /** Position in the file. */
  readonly position: number;
  /** Names the file in errors. */
  readonly path: string;
  /** Says what is being read, for errors. */
  within(what: string): void;
  /** Bytes of the file behind the position. */
  remaining(): number;
  /** Checks that `count` things of at least `bytes` each can follow. @throws FormatError `GGUF_TRUNCATED`. */
  expectItems(count: number, bytes: number): void;
  /** Unsigned and signed integers, floats; 64-bit integers beyond 2^53 come as bigint. */
  uint8(): number;
  int8(): number;
  uint16(): number;
  int16(): number;
  uint32(): number;
  int32(): number;
  float32(): number;
  float64(): number;
  uint64(): number | bigint;
  int64(): number | bigint;
  /** A count or a length: an unsigned 64-bit integer below 2^53. */
  count(): number;
  /** A string with its length before it. */
  text(): string;
}

/** @param bytes the file's first bytes. @param fileBytes size of the whole file. */
export function cursorOver(bytes: Uint8Array, fileBytes: number, path: string): Cursor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let position = 0;
  let what = 'the header';

  function take(size: number): number {
    const end = position + size;
    if (end > fileBytes) throw truncated(path, what, end, fileBytes);
    if (end > bytes.byteLength) throw new NeedsMoreBytes();
    const at = position;
    position = end;
    return at;
  }
  const narrow = (value: bigint): number | bigint =>
    value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;

  function count(): number {
    const value = narrow(view.getBigUint64(take(8), true));
    if (typeof value === 'number') return value;
    throw damaged(path, `${what} has a length of ${value}`, `a length within the file's ${fileBytes} bytes`);
  }

  return {
    get position() {
      return position;
    },
    path,
    within(next) {
      what = next;
    },
    remaining: () => fileBytes - position,
    expectItems(items, size) {
      if (items * size > fileBytes - position) throw truncated(path, what, position + items * size, fileBytes);
    },
    uint8: () => view.getUint8(take(1)),
    int8: () => view.getInt8(take(1)),
    uint16: () => view.getUint16(take(2), true),
    int16: () => view.getInt16(take(2), true),
    uint32: () => view.getUint32(take(4), true),
    int32: () => view.getInt32(take(4), true),
    float32: () => view.getFloat32(take(4), true),
    float64: () => view.getFloat64(take(8), true),
    uint64: () => narrow(view.getBigUint64(take(8), true)),
    int64: () => narrow(view.getBigInt64(take(8), true)),
    count,
    text() {
      const length = count();
      const at = take(length);
      return decoder.decode(bytes.subarray(at, at + length));
    },
  };
}

import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { FileDigest } from './input-file.js';

/** A plain text file of ratings in four fields: user, item, rating, seconds since 1970; ids are whole numbers. */
export interface IntegerRatingsFormat {
  /** What stands between fields: one or two ASCII characters. */
  readonly separator: string;
  /** The first line, where it names the columns. */
  readonly header?: string;
  /** Lowest and highest right rating. */
  readonly ratings: readonly [lowest: number, highest: number];
  /** First right second, and the first that is none. */
  readonly seconds: readonly [first: number, end: number];
}

/** Ratings in file order. */
export interface IntegerRatings {
  readonly length: number;
  readonly user: Int32Array;
  readonly item: Int32Array;
  readonly userIds: readonly string[];
  readonly itemIds: readonly string[];
  readonly rating: Float32Array;
  /** Milliseconds since 1970. */
  readonly timestamp: Float64Array;
}

const CHUNK_BYTES = 1 << 21;
/** Room in front of a chunk for what is left of a line. No right line is as long. */
const ROOM = 1 << 12;
const BLOCK_ROWS = 1 << 20;
/** Ids beyond this would make tables that are mostly empty. */
const LARGEST_ID = 1 << 24;
const [LF, CR, ZERO, DOT] = [0x0a, 0x0d, 0x30, 0x2e];
const SCALES = [1, 10, 100, 1000, 10_000, 100_000];

/**
 * Reads such a file five times as fast as {@link readRows} does: digits become numbers, and numbers codes, without a field, a string or
 * a hash between. It reads right files only. Whatever is unusual (a quote, an empty line, a leading zero, a number out of range)
 * ends it, and the file is for the reader that knows what to say about it.
 * @returns undefined where the file holds anything unusual
 */
export async function readIntegerRatings(
  path: string,
  format: IntegerRatingsFormat,
): Promise<{ ratings: IntegerRatings; digest: FileDigest } | undefined> {
  const parser = createParser(format);
  const hash = createHash('sha256');
  const file = await open(path, 'r');
  try {
    // While one chunk is parsed the next is read. What is left of a line moves in front of the chunk behind it.
    let bytes = Buffer.allocUnsafe(ROOM + CHUNK_BYTES);
    let other = Buffer.allocUnsafe(ROOM + CHUNK_BYTES);
    let size = 0;
    let kept = 0;
    let reading = file.read(bytes, ROOM, CHUNK_BYTES, 0);
    for (;;) {
      const { bytesRead } = await reading;
      const last = bytesRead === 0;
      size += bytesRead;
      if (!last) reading = file.read(other, ROOM, CHUNK_BYTES, size);
      const start = ROOM - kept;
      let end = ROOM + bytesRead;
      hash.update(bytes.subarray(ROOM, end));
      if (last && kept > 0) bytes[end++] = LF; // a last line without its end
      const whole = Math.max(start, bytes.lastIndexOf(LF, end - 1) + 1);
      const rest = bytes.subarray(whole, end);
      if (rest.length > ROOM || !parser.take(bytes.subarray(start, whole))) {
        await reading;
        return undefined;
      }
      if (last) break;
      kept = rest.copy(other, ROOM - rest.length);
      [bytes, other] = [other, bytes];
    }
    const ratings = parser.finish();
    return ratings.length === 0 ? undefined : { ratings, digest: { sha256: hash.digest('hex'), bytes: size } };
  } finally {
    await file.close();
  }
}

/** Rows that were read; a column is gone once it is copied. */
type Block = { user: Int32Array; item: Int32Array; rating: Float32Array; timestamp: Float64Array };

function createParser({ separator, header, ratings: [lowest, highest], seconds: [first, beyond] }: IntegerRatingsFormat) {
  const [users, items] = [createNumberCodes(), createNumberCodes()];
  const width = separator.length;
  const [sep, second] = [separator.charCodeAt(0), separator.charCodeAt(width - 1)];
  const blocks: Block[] = [];
  let block = createBlock(0);
  let used = 0;
  let headerPending = header !== undefined;

  /** Takes whole lines; false where one is unusual. */
  function take(bytes: Uint8Array): boolean {
    const end = bytes.length;
    let at = 0;
    if (headerPending && end > 0) {
      headerPending = false;
      const lineEnd = bytes.indexOf(LF);
      const line = Buffer.from(bytes.buffer, bytes.byteOffset, lineEnd).toString('latin1');
      if (line.replace(/\r$/u, '') !== header) return false;
      at = lineEnd + 1;
    }
    let { user, item, rating, timestamp } = block;
    while (at < end) {
      // A number cannot run past the chunk: a line's end is no digit.
      let from = at;
      let userId = 0;
      let digit = bytes[at]! - ZERO;
      for (; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO) userId = userId * 10 + digit;
      if (at === from || at - from > 8 || (at - from > 1 && bytes[from] === ZERO)) return false;
      if (bytes[at] !== sep || (width === 2 && bytes[at + 1] !== second)) return false;
      from = at += width;
      let itemId = 0;
      digit = bytes[at]! - ZERO;
      for (; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO) itemId = itemId * 10 + digit;
      if (at === from || at - from > 8 || (at - from > 1 && bytes[from] === ZERO)) return false;
      if (bytes[at] !== sep || (width === 2 && bytes[at + 1] !== second)) return false;
      from = at += width;
      let value = 0;
      digit = bytes[at]! - ZERO;
      for (; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO) value = value * 10 + digit;
      if (at === from || at - from > 4) return false;
      if (bytes[at] === DOT) {
        from = ++at;
        digit = bytes[at]! - ZERO;
        for (; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO) value = value * 10 + digit;
        if (at === from || at - from > 5) return false;
        value /= SCALES[at - from]!;
      }
      if (!(value >= lowest && value <= highest)) return false;
      if (bytes[at] !== sep || (width === 2 && bytes[at + 1] !== second)) return false;
      from = at += width;
      let time = 0;
      digit = bytes[at]! - ZERO;
      for (; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO) time = time * 10 + digit;
      if (at === from || at - from > 12 || !(time >= first && time < beyond)) return false;
      if (bytes[at] === CR) at += 1;
      if (bytes[at] !== LF || userId > LARGEST_ID || itemId > LARGEST_ID) return false;
      at += 1;

      if (used === user.length) {
        block = createBlock(BLOCK_ROWS);
        blocks.push(block);
        ({ user, item, rating, timestamp } = block);
        used = 0;
      }
      user[used] = users.code(userId);
      item[used] = items.code(itemId);
      rating[used] = value;
      timestamp[used] = time * 1000;
      used += 1;
    }
    return true;
  }

  /** The whole columns, one after the other: a block's part of a column is let go as soon as it is copied. */
  function finish(): IntegerRatings {
    const length = blocks.length === 0 ? 0 : (blocks.length - 1) * BLOCK_ROWS + used;
    const none = createBlock(0);
    const whole = <Name extends keyof Block>(name: Name, target: Block[Name]): Block[Name] => {
      blocks.forEach((from, i) => {
        target.set(i === blocks.length - 1 ? from[name].subarray(0, used) : from[name], i * BLOCK_ROWS);
        from[name] = none[name];
      });
      return target;
    };
    return {
      length,
      timestamp: whole('timestamp', new Float64Array(length)), // the largest first, while there is most room
      user: whole('user', new Int32Array(length)),
      item: whole('item', new Int32Array(length)),
      userIds: users.values(),
      itemIds: items.values(),
      rating: whole('rating', new Float32Array(length)),
    };
  }
  return { take, finish };
}

function createBlock(rows: number): Block {
  return { user: new Int32Array(rows), item: new Int32Array(rows), rating: new Float32Array(rows), timestamp: new Float64Array(rows) };
}

/** Codes of whole numbers, from 0 in the order of first appearance: a table by number. */
function createNumberCodes(): { code(id: number): number; values(): string[] } {
  let codes = new Int32Array(1 << 12).fill(-1);
  const ids: number[] = [];
  return {
    code(id) {
      if (id >= codes.length) {
        const larger = new Int32Array(2 ** Math.ceil(Math.log2(id + 1))).fill(-1);
        larger.set(codes);
        codes = larger;
      }
      let code = codes[id]!;
      if (code < 0) codes[id] = code = ids.push(id) - 1;
      return code;
    },
    values: () => ids.map(String),
  };
}

import { DataError } from '../errors.js';
import type { InputFile } from './input-file.js';

/** No line of a dataset is as long; a file that is no text file may well be. */
const MAX_LINE_BYTES = 1 << 24;
const LF = 0x0a;
const CR = 0x0d;

/**
 * Hands the bytes of a text file on in pieces that begin where a row begins. `take` takes the row that begins at `start` and
 * returns where the next begins, or -1 where more bytes are needed; `last` says that none come.
 * @throws DataError `DATA_ENCODING` for UTF-16, and for a line of more than 16 MiB.
 */
export async function forEachRow(
  input: InputFile,
  file: string,
  take: (bytes: Buffer, start: number, last: boolean) => number,
): Promise<void> {
  let rest: Buffer = Buffer.alloc(0);
  let started = false;
  const consume = (bytes: Buffer, last: boolean): void => {
    let at = 0;
    if (!started) {
      if (bytes.length < 3 && !last) {
        rest = bytes;
        return;
      }
      started = true;
      at = byteOrderMark(bytes, file);
    }
    while (at < bytes.length) {
      const next = take(bytes, at, last);
      if (next < 0) break;
      at = next;
    }
    rest = bytes.subarray(at);
    if (rest.length > MAX_LINE_BYTES) {
      throw new DataError('DATA_ENCODING', `a line is longer than ${MAX_LINE_BYTES} bytes`, { where: file, expected: 'a text file' });
    }
  };
  for await (const chunk of input.chunks) consume(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]), false);
  consume(rest, true);
}

/** Where the line after this one begins; -1 where its end is not here yet. */
export function endOfLine(bytes: Buffer, start: number, last: boolean): number {
  const at = bytes.indexOf(LF, start);
  if (at >= 0) return at + 1;
  return last ? bytes.length : -1;
}

/** Where the line's own text ends. */
export function withoutLineEnd(bytes: Buffer, start: number, next: number): number {
  let end = next;
  if (end > start && bytes[end - 1] === LF) end -= 1;
  if (end > start && bytes[end - 1] === CR) end -= 1;
  return end;
}

/** The length of a UTF-8 byte-order mark. @throws DataError `DATA_ENCODING` for UTF-16. */
export function byteOrderMark(bytes: Buffer, file: string): number {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 3;
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    throw new DataError('DATA_ENCODING', 'the file is in UTF-16', {
      where: file,
      expected: 'UTF-8',
      remedy: 'convert it, for instance with iconv -f UTF-16 -t UTF-8',
    });
  }
  return 0;
}

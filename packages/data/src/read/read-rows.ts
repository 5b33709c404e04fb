import { basename } from 'node:path';
import { DataError } from '../errors.js';
import { createBadRowLog, type BadRow, type OnBadRow } from './bad-rows.js';
import { createFields, splitFields, UNCLOSED, type Dialect, type Fields, type RowProblem } from './fields.js';
import { openInput, type InputFile } from './input-file.js';

/** What was read from a file, for the dataset card. */
export interface FileReport {
  /** The file's name, without its folder. */
  readonly file: string;
  /** SHA-256 of the file as it lies on the disk. */
  readonly sha256: string;
  /** Its size on the disk. */
  readonly bytes: number;
  /** All data rows, the bad ones included, the header not. */
  readonly rowsRead: number;
  /** Rows that were malformed, and skipped. */
  readonly rowsBad: number;
  /** The first few bad rows. */
  readonly badRows: readonly BadRow[];
}

/** How {@link readRows} reads a file. */
export interface ReadRowsOptions {
  /** The file. */
  readonly path: string;
  /** How it writes its rows. */
  readonly dialect: Dialect;
  /** How many fields a row has. */
  readonly fieldCount: number;
  /** How it writes its characters. */
  readonly encoding: 'utf-8' | 'latin1';
  /** A right line, for error messages. */
  readonly example: string;
  /** What to do with a malformed row. */
  readonly onBadRow: OnBadRow;
  /** Reads the header row; its names as text. Without it the file has no header. @throws to refuse the file. */
  readonly header?: (names: readonly string[]) => void;
  /** Takes one row: the fields are positions in `bytes`, both valid only during the call. Returns what is wrong with it, or undefined. */
  readonly row: (bytes: Buffer, fields: Fields) => RowProblem | undefined;
  /** Where the bytes come from. Default: the file, plain or gzip. */
  readonly open?: (path: string) => Promise<InputFile>;
}

/** No line of a dataset is as long; a file that is no text file may well be. */
const MAX_LINE_BYTES = 1 << 24;
/** A quote that is not closed within so many lines is an error of its first line. */
const MAX_RECORD_LINES = 32;
const LF = 0x0a;
const CR = 0x0d;

/**
 * Streams the rows of a delimited text file, plain or gzip, with any of the line ends LF and CRLF, and with or without a
 * byte-order mark and a final line end. Empty lines are no rows. Rows that are read = rows that `row` accepted + rows reported bad.
 * @throws DataError `DATA_BAD_ROW` with file, line and column (under `fail`), `DATA_HEADER`, `DATA_ENCODING`, `DATA_EMPTY_FILE`, `DATA_FILE`, `DATA_GZIP`.
 */
export async function readRows(options: ReadRowsOptions): Promise<FileReport> {
  const { path, dialect, fieldCount, encoding, example, onBadRow, header, row, open = openInput } = options;
  const input = await open(path);
  const bad = createBadRowLog(path, onBadRow, encoding, example);
  const fields = createFields();
  let headerPending = header !== undefined;
  let rows = 0;
  let line = 1;
  let started = false;

  /** Takes the row that begins at `start`; returns where the next begins, or -1 where more bytes are needed. */
  function take(bytes: Buffer, start: number, last: boolean): number {
    let next = endOfLine(bytes, start, last);
    if (next < 0) return -1;
    let end = withoutLineEnd(bytes, start, next);
    let lines = 1;
    if (end === start) {
      line += 1;
      return next;
    }
    let problem = splitFields(bytes, start, end, dialect, fields);
    while (problem?.what === UNCLOSED && dialect.quotedLineBreaks === true && lines < MAX_RECORD_LINES) {
      if (next >= bytes.length && last) break;
      const further = endOfLine(bytes, next, last);
      if (further < 0) return -1;
      [next, lines] = [further, lines + 1];
      end = withoutLineEnd(bytes, start, next);
      problem = splitFields(bytes, start, end, dialect, fields);
    }
    if (problem?.what === UNCLOSED && lines > 1) {
      [next, lines] = [endOfLine(bytes, start, last), 1];
      end = withoutLineEnd(bytes, start, next);
    }
    if (headerPending) {
      headerPending = false;
      readHeader(bytes, problem);
    } else {
      rows += 1;
      problem ??= rowProblem(bytes, end);
      if (problem !== undefined) bad.report(problem, bytes, start, end, line);
    }
    line += lines;
    return next;
  }

  function rowProblem(bytes: Buffer, end: number): RowProblem | undefined {
    if (fields.count !== fieldCount) {
      const at = fields.count > fieldCount ? fields.end[fieldCount - 1]! : end;
      return { at, what: `${fields.count} fields`, expected: `${fieldCount} fields separated by '${dialect.separator}'` };
    }
    return row(bytes, fields);
  }

  function readHeader(bytes: Buffer, problem: RowProblem | undefined): void {
    if (problem !== undefined) {
      throw new DataError('DATA_HEADER', `the header row is malformed: ${problem.what}`, {
        where: `${basename(path)}:${line}`,
        expected: problem.expected,
      });
    }
    const names = Array.from({ length: fields.count }, (_, i) => bytes.toString('utf8', fields.start[i], fields.end[i]).trim());
    header?.(names);
  }

  let rest: Buffer = Buffer.alloc(0);
  const consume = (bytes: Buffer, last: boolean): void => {
    let at = 0;
    if (!started) {
      if (bytes.length < 3 && !last) {
        rest = bytes;
        return;
      }
      started = true;
      at = byteOrderMark(bytes, path);
    }
    while (at < bytes.length) {
      const next = take(bytes, at, last);
      if (next < 0) break;
      at = next;
    }
    rest = bytes.subarray(at);
    if (rest.length > MAX_LINE_BYTES) {
      throw new DataError('DATA_ENCODING', `a line is longer than ${MAX_LINE_BYTES} bytes`, {
        where: `${basename(path)}:${line}`,
        expected: 'a text file',
      });
    }
  };
  for await (const chunk of input.chunks) consume(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]), false);
  consume(rest, true);
  if (headerPending || rows === 0) {
    throw new DataError('DATA_EMPTY_FILE', 'the file holds no rows', {
      where: basename(path),
      expected: `rows such as ${JSON.stringify(example)}`,
    });
  }
  return { file: basename(path), ...input.digest(), rowsRead: rows, rowsBad: bad.count, badRows: bad.first };
}

/** Where the line after this one begins; -1 where its end is not here yet. */
function endOfLine(bytes: Buffer, start: number, last: boolean): number {
  const at = bytes.indexOf(LF, start);
  if (at >= 0) return at + 1;
  return last ? bytes.length : -1;
}

function withoutLineEnd(bytes: Buffer, start: number, next: number): number {
  let end = next;
  if (end > start && bytes[end - 1] === LF) end -= 1;
  if (end > start && bytes[end - 1] === CR) end -= 1;
  return end;
}

/** The length of a UTF-8 byte-order mark. @throws DataError `DATA_ENCODING` for UTF-16. */
function byteOrderMark(bytes: Buffer, path: string): number {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 3;
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    throw new DataError('DATA_ENCODING', 'the file is in UTF-16', {
      where: basename(path),
      expected: 'UTF-8',
      remedy: 'convert it, for instance with iconv -f UTF-16 -t UTF-8',
    });
  }
  return 0;
}

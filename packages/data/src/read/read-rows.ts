import { checkOptions, type OptionKeys } from '@expctr/core';
import { basename } from 'node:path';
import { DataError } from '../errors.js';
import { createBadRowLog, type OnBadRow } from './bad-rows.js';
import { decodeText, textOf, type Encoding } from './field-values.js';
import { createFields, splitFields, UNCLOSED, type Dialect, type Fields, type RowProblem } from './fields.js';
import { reportOf, type FileReport, type OnTruncated, type RowCounts, type RowOutcome } from './file-report.js';
import { openInput, type InputFile } from './input-file.js';
import { endOfLine, forEachRow, withoutLineEnd } from './lines.js';

export type { FileReport } from './file-report.js';

/** How {@link readRows} reads a file. */
export interface ReadRowsOptions {
  /** The file. */
  readonly path: string;
  /** Its name in reports and errors. Default: the path's last part. */
  readonly name?: string;
  /** How it writes its rows. */
  readonly dialect: Dialect;
  /** How many fields a row has. Default: as many as the header. */
  readonly fieldCount?: number;
  /** How it writes its characters. */
  readonly encoding: Encoding;
  /** A right line, for error messages. */
  readonly example: string;
  /** What to do with a malformed row. */
  readonly onBadRow: OnBadRow;
  /** What to do where a gzip file ends early. Default `fail`. */
  readonly onTruncated?: OnTruncated;
  /** Reads the header row; its names as text. Without it the file has no header. @throws to refuse the file. */
  readonly header?: (names: readonly string[]) => void;
  /**
   * Takes one row: the fields are positions in `bytes`, both valid only during the call. Returns what is wrong with it, or the
   * name of the rule that drops it, or undefined.
   */
  readonly row: (bytes: Buffer, fields: Fields) => RowOutcome<RowProblem>;
  /** Where the bytes come from. Default: the file, plain or gzip. */
  readonly open?: (path: string) => Promise<InputFile>;
}

/** A quote that is not closed within so many lines is an error of its first line. */
const MAX_RECORD_LINES = 32;

const READ_ROWS_OPTIONS: OptionKeys<ReadRowsOptions> = {
  path: true,
  name: true,
  dialect: true,
  fieldCount: true,
  encoding: true,
  example: true,
  onBadRow: true,
  onTruncated: true,
  header: true,
  row: true,
  open: true,
};

/**
 * Streams the rows of a delimited text file, plain or gzip, with any of the line ends LF and CRLF, and with or without a
 * byte-order mark and a final line end. Empty lines are no rows. Rows that are read = rows that `row` accepted + rows that it
 * dropped + rows reported bad.
 * @throws DataError `DATA_BAD_ROW` with file, line and column (under `fail`), `DATA_HEADER`, `DATA_ENCODING`, `DATA_EMPTY_FILE`, `DATA_FILE`, `DATA_GZIP`.
 */
export async function readRows(options: ReadRowsOptions): Promise<FileReport> {
  checkOptions('readRows', options, READ_ROWS_OPTIONS);
  const {
    path,
    name = basename(path),
    dialect,
    encoding,
    example,
    onBadRow,
    onTruncated = 'fail',
    header,
    row,
    open = openInput,
  } = options;
  const input = await open(path);
  const bad = createBadRowLog(name, onBadRow, encoding, example);
  const fields = createFields();
  const counts: RowCounts = { rows: 0, dropped: {} };
  let fieldCount = options.fieldCount ?? -1;
  let headerPending = header !== undefined;
  let line = 1;

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
    // Where the lines together are no row either, the quote belongs to the first alone: those behind it are rows of their own.
    if (lines > 1 && (problem !== undefined || (!headerPending && fields.count !== fieldCount))) {
      [next, lines] = [endOfLine(bytes, start, last), 1];
      end = withoutLineEnd(bytes, start, next);
      problem = splitFields(bytes, start, end, dialect, fields);
    }
    if (headerPending) {
      headerPending = false;
      readHeader(bytes, problem);
    } else {
      counts.rows += 1;
      // A row that a cut file ends in may look whole: "4.0,96498" is a time too.
      if (last && next === bytes.length && end === next && input.endsEarly?.() === true) {
        bad.add(
          { line, column: 1, problem: 'the file ends within this row', expected: 'a whole row', text: bytes.toString('utf8', start, end) },
          true,
        );
      } else {
        const outcome = problem ?? rowProblem(bytes, end);
        if (typeof outcome === 'string') counts.dropped[outcome] = (counts.dropped[outcome] ?? 0) + 1;
        else if (outcome !== undefined) bad.report(outcome, bytes, start, end, line);
      }
    }
    line += lines;
    return next;
  }

  function rowProblem(bytes: Buffer, end: number): RowOutcome<RowProblem> {
    if (fields.count !== fieldCount) {
      const at = fields.count > fieldCount ? fields.end[fieldCount - 1]! : end;
      return { at, what: `${fields.count} fields`, expected: `${fieldCount} fields separated by '${dialect.separator}'` };
    }
    return row(bytes, fields);
  }

  function readHeader(bytes: Buffer, problem: RowProblem | undefined): void {
    if (problem !== undefined) {
      throw new DataError('DATA_HEADER', `the header row is malformed: ${problem.what}`, {
        where: `${name}:${line}`,
        expected: problem.expected,
      });
    }
    const names = Array.from({ length: fields.count }, (_, i) => {
      const [from, to] = [fields.start[i]!, fields.end[i]!];
      return (textOf(bytes, from, to, fields.quoted[i] === 1, 'either', dialect) ?? '').trim();
    });
    if (fieldCount < 0) fieldCount = names.length;
    header?.(names);
  }

  await forEachRow(input, name, take);
  return reportOf(name, input, counts, bad, example, onTruncated);
}

/** The field's text, or the problem that it is none. */
export function fieldText(
  bytes: Buffer,
  { start, end, quoted }: Fields,
  field: number,
  encoding: Encoding,
  dialect: Dialect,
): string | RowProblem {
  const [from, to] = [start[field]!, end[field]!];
  const text = textOf(bytes, from, to, quoted[field] === 1, encoding, dialect);
  if (text !== undefined) return text;
  const nul = bytes.subarray(from, to).indexOf(0);
  if (nul >= 0) return { at: from + nul, what: 'a NUL byte', expected: `text in ${encoding}, without NUL` };
  const valid = decodeText(bytes.subarray(from, to), 'latin1') ?? '';
  return { at: from + Math.max(0, valid.search(/[^\p{ASCII}]/u)), what: 'bytes that are no text', expected: `text in ${encoding}` };
}

import { DataError } from '../errors.js';
import type { BadRow, BadRowLog } from './bad-rows.js';
import type { InputFile } from './input-file.js';

/** Cells of a column of numbers that could not be read as one. */
export interface UnreadNumbers {
  /** How many there were. */
  readonly count: number;
  /** The first few, cut to a readable length. */
  readonly first: readonly string[];
}

/** What was read from a file, for the dataset card. Rows read = rows kept + rows dropped by a named rule + rows bad. */
export interface FileReport {
  /** The file's name, without its folder; of a zip archive's member `archive.zip/member`. */
  readonly file: string;
  /** What it was taken for: `ratings`, `items`, `users`. */
  readonly role?: string;
  /** The format that it was recognized as, in words. */
  readonly format?: string;
  /** SHA-256 of the file as it lies on the disk (of a zip archive's member: unpacked). */
  readonly sha256: string;
  /** Its size on the disk (of a zip archive's member: unpacked). */
  readonly bytes: number;
  /** All data rows, the bad ones included, the header not. */
  readonly rowsRead: number;
  /** Rows that were well-formed and dropped by a rule, by the rule's name; absent where there are none. */
  readonly rowsDropped?: Readonly<Record<string, number>>;
  /** Rows that were malformed, and skipped. */
  readonly rowsBad: number;
  /** The first few bad rows. */
  readonly badRows: readonly BadRow[];
  /** Bad rows by what is wrong with them. Absent where there are none. */
  readonly badReasons?: Readonly<Record<string, number>>;
  /** Cells of columns of numbers that hold something else, by column: the numbers are missing. Absent where there are none. */
  readonly numbersUnread?: Readonly<Record<string, UnreadNumbers>>;
  /** True where the compressed data ends early and what could be read was kept, on request. */
  readonly truncated?: boolean;
}

/** What to do where a gzip file ends early: stop, or keep what could be read. */
export type OnTruncated = 'fail' | 'keep';

/** What a row comes to: kept (undefined), malformed, or dropped by the rule of this name. */
export type RowOutcome<Problem> = Problem | string | undefined;

/** Counts the rows of one file. */
export interface RowCounts {
  rows: number;
  readonly dropped: Record<string, number>;
}

/** The report of a file that has been read to its end. @throws DataError `DATA_EMPTY_FILE`, and `DATA_GZIP` under `onTruncated: 'fail'`. */
export function reportOf(
  file: string,
  input: InputFile,
  counts: RowCounts,
  bad: BadRowLog,
  example: string,
  onTruncated: OnTruncated,
): FileReport {
  const truncated = input.endsEarly?.() ?? false;
  if (truncated && onTruncated === 'fail') {
    throw new DataError('DATA_GZIP', 'the gzip data ends early', {
      where: file,
      expected: `a whole gzip file; ${counts.rows} rows could be read`,
      remedy: 'download the file again and compare its checksum, or keep what could be read with --set data.truncated=keep',
    });
  }
  if (counts.rows === 0) {
    throw new DataError('DATA_EMPTY_FILE', 'the file holds no rows', { where: file, expected: `rows such as ${JSON.stringify(example)}` });
  }
  return {
    file,
    ...input.digest(),
    rowsRead: counts.rows,
    ...(Object.keys(counts.dropped).length === 0 ? {} : { rowsDropped: counts.dropped }),
    rowsBad: bad.count,
    badRows: bad.first,
    ...(bad.count === 0 ? {} : { badReasons: bad.reasons }),
    ...(truncated ? { truncated } : {}),
  };
}

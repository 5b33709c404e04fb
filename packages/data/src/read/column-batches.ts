import { basename } from 'node:path';
import { createBadRowLog } from './bad-rows.js';
import type { FileReport, RowCounts } from './file-report.js';
import type { FileDigest } from './input-file.js';
import type { RecordOptions } from './records.js';
import { DataError } from '../errors.js';

/** Some rows of a file of columns (Parquet, Arrow): the wanted columns by name. */
export interface ColumnBatch {
  readonly length: number;
  readonly columns: Readonly<Record<string, ArrayLike<unknown>>>;
}

/** A file of columns, opened. */
export interface ColumnFile {
  /** The names of its columns. */
  readonly names: readonly string[];
  /** The rows of the wanted columns, in order. */
  batches(columns: readonly string[]): AsyncIterable<ColumnBatch>;
  /** After the last batch. */
  digest(): Promise<FileDigest>;
}

/** The error of a column of a type that is not read. */
export function unreadType(column: string, type: string, file: string): DataError {
  return new DataError('DATA_COLUMN_TYPE', `the column ${column} is of the type ${type}, which is not read`, {
    where: basename(file),
    expected: 'numbers, decimals, texts, truth values, dates or times with a date, or lists of them',
    remedy: 'write the column as one of these, or leave it out',
  });
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A cell without types that its readers do not know: bytes are text in UTF-8. @throws DataError `DATA_COLUMN_TYPE` */
function plainCell(value: unknown, column: string, file: string): unknown {
  if (Array.isArray(value)) return value.map((one) => plainCell(one, column, file));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (!(value instanceof Uint8Array)) throw unreadType(column, 'object', file);
  try {
    return utf8.decode(value);
  } catch (cause) {
    throw new DataError('DATA_COLUMN_TYPE', `the column ${column} holds bytes that are no text`, {
      where: file,
      expected: 'text, or bytes in UTF-8',
      remedy: 'write the column as text, in hexadecimal for instance, or leave it out',
      cause,
    });
  }
}

/** Reads the rows of a file of columns as records. */
export async function readColumnFile(file: ColumnFile, options: RecordOptions): Promise<FileReport> {
  const { name, example, onBadRow, columns, record } = options;
  const bad = createBadRowLog(name, onBadRow, 'utf-8', example);
  const counts: RowCounts = { rows: 0, dropped: {} };
  for await (const batch of file.batches(columns)) {
    for (let row = 0; row < batch.length; row += 1) {
      const values: Record<string, unknown> = {};
      for (const column of columns) values[column] = plainCell(batch.columns[column]?.[row], column, name);
      counts.rows += 1;
      const outcome = record(values);
      if (outcome === undefined) continue;
      if (typeof outcome === 'string') counts.dropped[outcome] = (counts.dropped[outcome] ?? 0) + 1;
      else {
        const { column, what, expected } = outcome;
        bad.add({ line: counts.rows, column: 1 + Math.max(0, columns.indexOf(column)), problem: what, expected, text: describe(values) });
      }
    }
  }
  if (counts.rows === 0) {
    throw new DataError('DATA_EMPTY_FILE', 'the file holds no rows', { where: name, expected: `rows such as ${example}` });
  }
  return {
    file: name,
    ...(await file.digest()),
    rowsRead: counts.rows,
    ...(Object.keys(counts.dropped).length === 0 ? {} : { rowsDropped: counts.dropped }),
    rowsBad: bad.count,
    badRows: bad.first,
    ...(bad.count === 0 ? {} : { badReasons: bad.reasons }),
  };
}

function describe(values: Record<string, unknown>): string {
  return JSON.stringify(values, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value));
}

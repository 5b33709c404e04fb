import type { OnBadRow } from './bad-rows.js';
import type { Encoding } from './field-values.js';
import type { Dialect, Fields } from './fields.js';
import type { FileReport, OnTruncated, RowOutcome } from './file-report.js';
import type { InputFile } from './input-file.js';
import { fieldText, readRows } from './read-rows.js';

/** One row, whatever the file: text by column name in a delimited file, values in JSON lines, Parquet and Arrow. */
export type RowRecord = Readonly<Record<string, unknown>>;

/** What is wrong with a record: in which column, what, and what was expected. */
export interface RecordProblem {
  /** The column's name; empty where the row as a whole is wrong. */
  readonly column: string;
  /** What is wrong. */
  readonly what: string;
  /** What would have been right. */
  readonly expected: string;
}

/** How the records of a file are read, whatever its form. */
export interface RecordOptions {
  /** The file's name in reports and errors. */
  readonly name: string;
  /** A right row, for error messages. */
  readonly example: string;
  readonly onBadRow: OnBadRow;
  readonly onTruncated: OnTruncated;
  /** The columns that are wanted. */
  readonly columns: readonly string[];
  /** Takes one record, valid only during the call. */
  readonly record: (record: RowRecord) => RowOutcome<RecordProblem>;
}

/** A delimited text file: how it is written, and what its columns are called. */
export interface DelimitedForm {
  readonly kind: 'delimited';
  readonly dialect: Dialect;
  readonly encoding: Encoding;
  /** The names of all columns where the file has no header; else the first row names them. */
  readonly columns?: readonly string[];
}

/** A column's name without case, spaces and punctuation: copies of a dataset write `User-ID`, `user_id` and `userId`. */
export function columnKey(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}

/** Where each of the wanted columns stands among `names`, -1 where it does not (as '' does): by name, else by {@link columnKey}. */
export function columnIndexes(wanted: readonly string[], names: readonly string[]): number[] {
  const keys = names.map(columnKey);
  return wanted.map((name) => (name === '' ? -1 : names.includes(name) ? names.indexOf(name) : keys.indexOf(columnKey(name))));
}

/** The options of `readRows` that follow from a form: field count, and a header that sets the columns' places. */
export function headerOptions(
  form: DelimitedForm,
  wanted: readonly string[],
  set: (indexes: readonly number[]) => void,
): { fieldCount?: number; header?: (names: readonly string[]) => void } {
  if (form.columns === undefined) return { header: (names) => set(columnIndexes(wanted, names)) };
  set(columnIndexes(wanted, form.columns));
  return { fieldCount: form.columns.length };
}

/** Reads the rows of a delimited file as records of text; a column that the file lacks is undefined in each. */
export async function readDelimitedRecords(
  open: () => Promise<InputFile>,
  form: DelimitedForm,
  options: RecordOptions,
): Promise<FileReport> {
  const { name, example, onBadRow, onTruncated, columns, record } = options;
  const { dialect, encoding } = form;
  let indexes: readonly number[] = [];
  const row = (bytes: Buffer, fields: Fields) => {
    const values: Record<string, unknown> = {};
    for (let i = 0; i < columns.length; i += 1) {
      const index = indexes[i]!;
      if (index < 0) continue;
      const text = fieldText(bytes, fields, index, encoding, dialect);
      if (typeof text !== 'string') return text;
      values[columns[i]!] = text;
    }
    const outcome = record(values);
    if (outcome === undefined || typeof outcome === 'string') return outcome;
    const index = indexes[columns.indexOf(outcome.column)] ?? -1;
    return { at: index < 0 ? fields.start[0]! : fields.start[index]!, what: outcome.what, expected: outcome.expected };
  };
  const header = headerOptions(form, columns, (found) => (indexes = found));
  return readRows({ path: name, name, dialect, encoding, example, onBadRow, onTruncated, row, open, ...header });
}

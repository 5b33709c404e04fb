import { parseObjectText } from '../read/json-lines.js';
import { columnKey, type DelimitedForm, type RecordProblem, type RowRecord } from '../read/records.js';
import { createFields, splitFields, type Dialect } from '../read/fields.js';
import { textOf, type Encoding } from '../read/field-values.js';
import type { TimeUnit } from '../read/times.js';
import type { Head } from './candidates.js';
import type { Domain } from '../words/words.js';

/** What a file can be to a dataset. */
export const ROLES = ['ratings', 'items', 'users'] as const;
/** What a file is to a dataset. */
export type Role = (typeof ROLES)[number];

/** How the rows of a file are written. */
export type Form = DelimitedForm | { readonly kind: 'json-lines' | 'parquet' | 'arrow' | 'lake' };

/** What tells a format from others: a header with these columns, rows of this pattern, objects with these keys, or any table with these columns. */
export type Mark =
  | {
      readonly header: readonly string[];
      readonly without?: readonly string[];
      readonly dialects: readonly Dialect[];
      readonly encoding: Encoding;
    }
  | { readonly rows: RegExp; readonly columns: readonly string[]; readonly dialect: Dialect; readonly encoding: Encoding }
  | { readonly keys: readonly string[]; readonly without?: readonly string[] }
  | {
      readonly table: readonly string[];
      readonly without?: readonly string[];
      readonly dialects: readonly Dialect[];
      readonly encoding: Encoding;
      readonly columns: readonly string[];
    };

interface FormatBase {
  /** What it is, in a few words. */
  readonly name: string;
  readonly mark: Mark;
  /** Names that such files usually have: one that does not look like it is an error, not passed over. */
  readonly usually: RegExp;
  /** A right row, for error messages. */
  readonly example: string;
  /** Whether it is looked for only where no other form of the role is found, and in the file of interactions alone. */
  readonly fallback?: boolean;
}

/** A column of ids. */
export interface IdColumn {
  readonly column: string;
  /** Whether ids are whole numbers. */
  readonly whole?: boolean;
  /** The name of the rule that drops rows without an id. Default: such rows are bad. */
  readonly dropEmpty?: string;
}

/** Which columns of a file of ratings are what. Without rating and click, every row is a positive one. */
export interface RatingColumns {
  readonly user: IdColumn;
  readonly item: IdColumn;
  readonly rating?: { readonly column: string; readonly low: number; readonly high: number };
  readonly click?: { readonly column: string };
  readonly time?: { readonly column: string; readonly unit: TimeUnit };
}

/** A form of ratings. */
export interface RatingsFormat extends FormatBase, RatingColumns {
  readonly role: 'ratings';
  /** What its items are, where that is not what the source's other ratings are of. */
  readonly domain?: Domain;
}

/** A row of a file of items or users. */
export interface EntityRow {
  readonly id: string;
  /** Absent for users. */
  readonly title?: string;
  readonly year?: number;
  /** Values of the attributes that the format names. */
  readonly attributes: Readonly<Record<string, readonly string[]>>;
  /** Cells of the numbers that the format names, as they stand in the file. */
  readonly numbers?: Readonly<Record<string, unknown>>;
}

/** A form of items or users: what it reads, and how a record becomes a row, a problem, or a drop by the rule of that name. */
export interface EntityFormat extends FormatBase {
  readonly role: 'items' | 'users';
  readonly columns: readonly string[];
  readonly attributes: readonly string[];
  readonly numbers?: readonly string[];
  readonly row: (record: RowRecord) => EntityRow | RecordProblem | string;
}

/** A form of one of a dataset's files. */
export type FileFormat = RatingsFormat | EntityFormat;

/** How the file is written, where it bears the mark; else undefined. */
export function formOf(mark: Mark, head: Head): Form | undefined {
  if ('table' in mark && (head.kind === 'parquet' || head.kind === 'arrow' || head.kind === 'lake')) {
    return hasColumns(head.names, mark.table, mark.without) ? { kind: head.kind } : undefined;
  }
  if (head.kind !== 'text') return undefined;
  if ('rows' in mark) {
    const { dialect, encoding, columns } = mark;
    return mostly(head.lines, (line) => mark.rows.test(line)) ? { kind: 'delimited', dialect, encoding, columns } : undefined;
  }
  const wanted = 'keys' in mark ? mark.keys : 'header' in mark ? mark.header : mark.table;
  if ('keys' in mark || ('table' in mark && head.lines[0]?.startsWith('{') === true)) {
    return mostly(head.lines, (line) => hasKeys(line, wanted, mark.without)) ? { kind: 'json-lines' } : undefined;
  }
  const { dialects, encoding } = mark;
  const columns = 'table' in mark ? mark.columns : [];
  const dialect = dialects.find((one) =>
    columns.length === 0
      ? hasColumns(fieldsOf(head.lines[0], one), wanted, mark.without)
      : hasColumns(columns, wanted, mark.without) && mostly(head.lines, (line) => fieldsOf(line, one).length === columns.length),
  );
  return dialect === undefined ? undefined : { kind: 'delimited', dialect, encoding, ...(columns.length === 0 ? {} : { columns }) };
}

/** The fields of a line, taken apart as the dialect says; none where they cannot be. */
export function fieldsOf(line: string | undefined, dialect: Dialect): string[] {
  const bytes = Buffer.from(line ?? '');
  const fields = createFields();
  if (splitFields(bytes, 0, bytes.length, dialect, fields) !== undefined) return [];
  return Array.from({ length: fields.count }, (_, i) => {
    return (textOf(bytes, fields.start[i]!, fields.end[i]!, fields.quoted[i] === 1, 'utf-8', dialect) ?? '').trim();
  });
}

/** Whether all wanted names are among the names, and none of the others. */
export function hasColumns(names: readonly string[], wanted: readonly string[], without: readonly string[] = []): boolean {
  const keys = new Set(names.map(columnKey));
  return wanted.every((name) => keys.has(columnKey(name))) && !without.some((name) => keys.has(columnKey(name)));
}

function hasKeys(line: string, keys: readonly string[], without: readonly string[] = []): boolean {
  if (!line.startsWith('{')) return false;
  let has = (key: string): boolean => line.includes(`"${key}"`) || line.includes(`'${key}'`); // for a line that is cut
  try {
    const value = parseObjectText(line) as Record<string, unknown>;
    has = (key) => Object.hasOwn(value, key);
  } catch {
    // cut or damaged
  }
  return keys.every((key) => has(key)) && !without.some((key) => has(key));
}

/** Whether at least half of the lines are such: some may be malformed, and are reported when they are read. */
function mostly(lines: readonly string[], is: (line: string) => boolean): boolean {
  return lines.length > 0 && 2 * lines.filter(is).length >= lines.length;
}

import type { RecordProblem } from '../read/records.js';

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/** Text as a reader should see it: HTML entities undone, tags removed, white space collapsed. Datasets from web pages need it. */
export function webText(text: string): string {
  return text
    .replace(/&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|(\w{2,6}));/gu, (entity, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name] ?? entity;
      const code = decimal === undefined ? parseInt(hex ?? '', 16) : Number(decimal);
      return code > 0x1f && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000) ? String.fromCodePoint(code) : ' ';
    })
    .replace(/<\/?[a-zA-Z][^<>]*>/gu, ' ')
    .replace(/\s+/gu, ' ')
    .trim();
}

/** A cell as text without white space around it, dates as 2018-07-07 or 2018-07-07 22:09:11 (UTC); '' where there is none. */
export function cellText(value: unknown): string {
  if (typeof value === 'string') return value.trim();
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) return '';
    return value
      .toISOString()
      .replace('T', ' ')
      .replace(/(?:\.000)?Z$/u, '')
      .replace(/ 00:00:00$/u, '');
  }
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' ? String(value) : '';
}

/** A cell as an attribute with one value, or none. */
export function cellValue(value: unknown): string[] {
  const text = webText(cellText(value));
  return text === '' ? [] : [text];
}

/** Whether a cell is, or holds, an object, which is no value of an attribute. */
export function holdsObject(value: unknown): boolean {
  return Array.isArray(value) ? value.some(holdsObject) : typeof value === 'object' && value !== null && !(value instanceof Date);
}

/** The values of a cell that is a list (nested or not), or text with a separator; each once. */
export function cellList(value: unknown, separator?: string): string[] {
  const parts: unknown[] = Array.isArray(value)
    ? value.flat(Infinity)
    : separator === undefined
      ? [value]
      : cellText(value).split(separator);
  return [...new Set(parts.flatMap((part) => cellValue(part)))];
}

/** A whole year of four digits, also as 1994.0; NaN where there is none. */
export function cellYear(value: unknown): number {
  const year = Number(/^(\d{4})(?:\.0*)?$/u.exec(cellText(value))?.[1] ?? NaN);
  return year > 0 ? year : NaN;
}

/** What is wrong with a cell that should be `a what`: which column is not there or empty, or holds something else. */
export function wrongCell(value: unknown, column: string, what: string): string {
  if (value === undefined || value === null) return `there is no ${what}, for the column '${column}' is missing`;
  if (typeof value === 'string' && value.trim() === '') return `the ${what} is empty in the column '${column}'`;
  return `this is no ${what} in the column '${column}'`;
}

/** A problem of a column. */
export function problem(column: string, what: string, expected: string): RecordProblem {
  return { column, what, expected };
}

/**
 * A cell as an id, the same from every form of file: text without the blanks around it, or a whole number. Undefined where it is
 * none: empty, with control characters, or a floating-point number that is no whole one or beyond 2^53, where digits are lost.
 */
export function idText(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined;
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'string') return undefined;
  const text = value.replace(/^ +| +$/gu, '');
  return text === '' || /\p{Cc}/u.test(text) ? undefined : text;
}

/** What {@link idText} takes, for error messages. */
export const ID = 'a text, or a whole number (beyond 2^53 as an integer or as text, not as floating point)';

/** The cell as an id. Else the problem. */
export function cellId(value: unknown, column: string): string | RecordProblem {
  return idText(value) ?? (cellText(value) === '' ? problem(column, `${column} is empty`, 'an id') : problem(column, 'this is no id', ID));
}

/** How a text file writes its rows. */
export interface Dialect {
  /** What stands between fields: one or more ASCII characters. */
  readonly separator: string;
  /** Whether fields may be enclosed in double quotes. */
  readonly quotes: boolean;
  /** How a quote inside a quoted field is written: `""` (the default, RFC 4180) or `\"`, where a backslash makes any character literal. */
  readonly escape?: 'double' | 'backslash';
  /** Whether a quoted field may hold line breaks. Where it may not, a quote that does not close costs one line, not the rest of the file. */
  readonly quotedLineBreaks?: boolean;
}

/** Comma-separated values as in RFC 4180. */
export const CSV: Dialect = { separator: ',', quotes: true };

/** The fields of one row as positions in a buffer. Filled anew for each row: copy what should stay. */
export interface Fields {
  /** How many there are. */
  count: number;
  /** Where each begins. */
  readonly start: Int32Array;
  /** Where each ends (exclusive). */
  readonly end: Int32Array;
  /** 1 where the field was quoted; start and end lie inside the quotes. */
  readonly quoted: Uint8Array;
}

/** What is wrong with a row: where (a byte position in the buffer), what, and what was expected. */
export interface RowProblem {
  /** A byte position in the buffer. */
  readonly at: number;
  /** What is wrong. */
  readonly what: string;
  /** What would have been right. */
  readonly expected: string;
}

/** More fields than any file here has; a line with more of them is reported. */
const MAX_FIELDS = 1024;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Room for one row's fields. */
export function createFields(): Fields {
  return { count: 0, start: new Int32Array(MAX_FIELDS), end: new Int32Array(MAX_FIELDS), quoted: new Uint8Array(MAX_FIELDS) };
}

/** The problem of a quote that is not closed where the row ends; a caller may add the next line and try again. */
export const UNCLOSED = 'a quote is not closed';

/** Splits `bytes[start, end)` into `fields`; returns what is wrong, or undefined. */
export function splitFields(bytes: Uint8Array, start: number, end: number, dialect: Dialect, fields: Fields): RowProblem | undefined {
  const first = dialect.separator.charCodeAt(0);
  const width = dialect.separator.length;
  const { quotes } = dialect;
  const { start: starts, end: ends, quoted } = fields;
  const backslash = dialect.escape === 'backslash';
  let count = 0;
  let at = start;
  for (;;) {
    if (count === MAX_FIELDS) return { at, what: `more than ${MAX_FIELDS} fields`, expected: 'a row of this file' };
    if (quotes && at < end && bytes[at] === QUOTE) {
      const close = closingQuote(bytes, at + 1, end, backslash);
      if (close < 0) return { at, what: UNCLOSED, expected: 'a closing quote before the end of the row' };
      starts[count] = at + 1;
      ends[count] = close;
      quoted[count] = 1;
      at = close + 1;
      if (at < end && !isSeparator(bytes, at, end, dialect.separator)) {
        return {
          at,
          what: 'text behind a closing quote',
          expected: `'${dialect.separator}' or the end of the row; a quote inside a quoted field is written ${backslash ? '\\"' : 'twice'}`,
        };
      }
    } else {
      const fieldStart = at;
      while (at < end) {
        const byte = bytes[at];
        if (byte === first && (width === 1 || isSeparator(bytes, at, end, dialect.separator))) break;
        if (byte === QUOTE && quotes) {
          return {
            at,
            what: 'a quote inside a field that is not quoted',
            expected: `the whole field in quotes, and the quote written ${backslash ? '\\"' : 'twice'}`,
          };
        }
        at += 1;
      }
      starts[count] = fieldStart;
      ends[count] = at;
      quoted[count] = 0;
    }
    count += 1;
    if (at >= end) {
      fields.count = count;
      return undefined;
    }
    at += width;
  }
}

function isSeparator(bytes: Uint8Array, at: number, end: number, separator: string): boolean {
  if (at + separator.length > end) return false;
  for (let i = 0; i < separator.length; i += 1) if (bytes[at + i] !== separator.charCodeAt(i)) return false;
  return true;
}

function closingQuote(bytes: Uint8Array, from: number, end: number, backslash: boolean): number {
  for (let at = from; at < end; at += 1) {
    if (backslash && bytes[at] === BACKSLASH) at += 1;
    else if (bytes[at] !== QUOTE) continue;
    else if (!backslash && at + 1 < end && bytes[at + 1] === QUOTE) at += 1;
    else return at;
  }
  return -1;
}

/** The bytes of a quoted field without its escapes: the field itself where it holds none. */
export function unescaped(bytes: Buffer, start: number, end: number, dialect: Dialect): Buffer {
  const field = bytes.subarray(start, end);
  const mark = dialect.escape === 'backslash' ? BACKSLASH : QUOTE;
  let from = field.indexOf(mark);
  if (from < 0) return field;
  const plain = Buffer.alloc(field.length);
  let length = 0;
  for (let copied = 0; copied < field.length;) {
    const to = from < 0 ? field.length : from;
    length += field.copy(plain, length, copied, to);
    copied = to + 1; // the mark goes, what follows it stays, whatever it is
    from = from < 0 ? -1 : field.indexOf(mark, to + 2);
  }
  return plain.subarray(0, length);
}

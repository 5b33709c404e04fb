import { isUtf8 } from 'node:buffer';
import { clickOf, createRatings, expectations, isWithin, numberOf, timeOf } from './ratings-builder.js';
import type { Interner } from '../read/columns.js';
import { decimalOf, integerOf, type Encoding } from '../read/field-values.js';
import { unescaped, type Dialect, type Fields, type RowProblem } from '../read/fields.js';
import type { FileReport } from '../read/file-report.js';
import { readRows } from '../read/read-rows.js';
import { headerOptions, type DelimitedForm } from '../read/records.js';
import { timeOfNumber } from '../read/times.js';
import { wrongCell } from './cells.js';
import type { IdColumn, RatingsFormat } from './formats.js';
import type { LoadOptions, RawRatings } from './raw-tables.js';
import type { Recognized } from './recognize.js';

const FIRST_PRINTABLE = 0x20;
const BLANK = 0x20;

/** Reads a delimited file of ratings from its bytes: no string and no object is made for a row. */
export async function readDelimitedRatings(
  { candidate, format }: Recognized<RatingsFormat>,
  form: DelimitedForm,
  { onBadRow, truncated = 'fail' }: LoadOptions,
): Promise<{ ratings: RawRatings; file: FileReport }> {
  const { name, path, open } = candidate;
  const { dialect, encoding } = form;
  const builder = createRatings(format, encoding);
  const { users, items } = builder;
  const expected = expectations(format);
  const { low, high } = format.rating ?? { low: -Infinity, high: Infinity };
  const unit = format.time?.unit ?? 'auto';
  const wanted = [format.user, format.item, format.rating, format.click, format.time];
  let [userAt, itemAt, ratingAt, clickAt, timeAt] = [-1, -1, -1, -1, -1];

  const row = (bytes: Buffer, fields: Fields): RowProblem | string | undefined => {
    const { start, end } = fields;
    trimField(bytes, fields, userAt);
    trimField(bytes, fields, itemAt);
    const outcome =
      idProblem(bytes, start[userAt]!, end[userAt]!, format.user, 'user', encoding) ??
      idProblem(bytes, start[itemAt]!, end[itemAt]!, format.item, 'item', encoding);
    if (outcome !== undefined) return outcome;
    let value = 1;
    if (ratingAt >= 0) {
      value = decimalOf(bytes, start[ratingAt]!, end[ratingAt]!);
      if (!(value >= low && value <= high)) {
        value = numberOf(bytes.toString('latin1', start[ratingAt], end[ratingAt])); // signs, exponents
        if (!isWithin(value, { low, high })) return wrong(bytes, fields, ratingAt, format.rating, 'rating', expected.rating);
      }
    } else if (clickAt >= 0) {
      value = clickOf(bytes.toString('latin1', start[clickAt], end[clickAt]));
      if (Number.isNaN(value)) return wrong(bytes, fields, clickAt, format.click, 'click', '0 or 1, false or true');
    }
    let time = NaN;
    if (timeAt >= 0) {
      time = timeOfNumber(integerOf(bytes, start[timeAt]!, end[timeAt]!), unit);
      if (Number.isNaN(time)) {
        time = timeOf(bytes.toString('latin1', start[timeAt], end[timeAt]), unit); // dates as text
        if (Number.isNaN(time)) return wrong(bytes, fields, timeAt, format.time, 'time', expected.time);
      }
    }
    builder.push(codeOf(users, bytes, fields, userAt, dialect), codeOf(items, bytes, fields, itemAt, dialect), value, time);
    return undefined;
  };
  const header = headerOptions(
    form,
    wanted.map((one) => one?.column ?? ''),
    (indexes) => ([userAt = -1, itemAt = -1, ratingAt = -1, clickAt = -1, timeAt = -1] = indexes),
  );
  const options = { path, name, dialect, encoding, onBadRow, onTruncated: truncated, example: format.example };
  const file = await readRows({ ...options, row, open, ...header });
  return { ratings: builder.finish(), file };
}

function wrong(
  bytes: Buffer,
  { start, end }: Fields,
  field: number,
  column: { readonly column: string } | undefined,
  what: string,
  expected: string,
): RowProblem {
  const [at, until] = [start[field]!, end[field]!];
  return { at, what: wrongCell(bytes.toString('latin1', at, until), column?.column ?? '', what), expected };
}

/** Leaves the blanks around an id out: files of items and users are joined without them. */
function trimField(bytes: Uint8Array, { start, end }: Fields, field: number): void {
  while (start[field]! < end[field]! && bytes[start[field]!] === BLANK) start[field]! += 1;
  while (start[field]! < end[field]! && bytes[end[field]! - 1] === BLANK) end[field]! -= 1;
}

/** What is wrong with an id, or the rule that drops its row. */
function idProblem(
  bytes: Buffer,
  start: number,
  end: number,
  { column, whole = false, dropEmpty }: IdColumn,
  what: string,
  encoding: Encoding,
): RowProblem | string | undefined {
  if (start === end && dropEmpty !== undefined) return dropEmpty;
  if (whole) {
    return Number.isNaN(integerOf(bytes, start, end))
      ? { at: start, what: `this is no ${what} id in the column '${column}'`, expected: 'a whole number' }
      : undefined;
  }
  if (start === end) return { at: start, what: `the ${what} id is empty in the column '${column}'`, expected: `the id of a ${what}` };
  let high = 0;
  for (let i = start; i < end; i += 1) {
    if (bytes[i]! < FIRST_PRINTABLE) return { at: i, what: `a control character in the ${what} id`, expected: 'text' };
    high |= bytes[i]!;
  }
  if (high < 0x80 || encoding !== 'utf-8' || isUtf8(bytes.subarray(start, end))) return undefined;
  return { at: start, what: `the ${what} id holds bytes that are no text`, expected: `text in ${encoding}` };
}

function codeOf(ids: Interner, bytes: Buffer, fields: Fields, field: number, dialect: Dialect): number {
  const [start, end] = [fields.start[field]!, fields.end[field]!];
  if (fields.quoted[field] === 0) return ids.code(bytes, start, end);
  const plain = unescaped(bytes, start, end, dialect);
  return ids.code(plain, 0, plain.length);
}

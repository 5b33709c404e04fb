import { openArrow } from '../read/arrow-file.js';
import { readColumnFile, type ColumnFile } from '../read/column-batches.js';
import type { FileReport } from '../read/file-report.js';
import { readJsonLines } from '../read/json-lines.js';
import { openLake } from '../read/lake.js';
import { openParquet } from '../read/parquet.js';
import { readDelimitedRecords, type RecordOptions, type RecordProblem, type RowRecord } from '../read/records.js';
import type { Candidate } from './candidates.js';
import { ID, idText, problem, wrongCell } from './cells.js';
import { readDelimitedRatings } from './delimited-ratings.js';
import type { Form, IdColumn, RatingsFormat } from './formats.js';
import { clickOf, createRatings, expectations, isWithin, numberOf, timeOf } from './ratings-builder.js';
import type { LoadOptions, RawRatings } from './raw-tables.js';
import type { Recognized } from './recognize.js';
import { readWholeNumberRatings } from './whole-number-ratings.js';

/** Reads the rows of a file of any form as records. */
export async function readRecords({ path, open }: Candidate, form: Form, options: RecordOptions): Promise<FileReport> {
  if (form.kind === 'delimited') return readDelimitedRecords(open, form, options);
  if (form.kind === 'json-lines') return readJsonLines(open, options);
  return readColumnFile(await OPEN_COLUMNS[form.kind](path), options);
}

const OPEN_COLUMNS: Readonly<Record<'parquet' | 'arrow' | 'lake', (path: string) => Promise<ColumnFile>>> = {
  parquet: openParquet,
  arrow: openArrow,
  lake: openLake,
};

/** Reads a file of ratings, whatever its form. */
export async function readRatings(
  file: Recognized<RatingsFormat>,
  options: LoadOptions,
): Promise<{ ratings: RawRatings; file: FileReport }> {
  const { candidate, format, form } = file;
  if (form.kind === 'delimited') return (await readWholeNumberRatings(file, form)) ?? readDelimitedRatings(file, form, options);
  const { user, item, rating, click, time } = format;
  const builder = createRatings(format, 'utf-8');
  const expected = expectations(format);
  const record = (row: RowRecord): RecordProblem | string | undefined => {
    const userId = idOf(row[user.column], user);
    if (userId === undefined) return user.dropEmpty ?? problem(user.column, wrongCell(row[user.column], user.column, 'user id'), ID);
    const itemId = idOf(row[item.column], item);
    if (itemId === undefined) return item.dropEmpty ?? problem(item.column, wrongCell(row[item.column], item.column, 'item id'), ID);
    let value = 1;
    if (rating !== undefined) {
      value = numberOf(row[rating.column]);
      if (!isWithin(value, rating)) return problem(rating.column, wrongCell(row[rating.column], rating.column, 'rating'), expected.rating);
    } else if (click !== undefined) {
      value = clickOf(row[click.column]);
      if (Number.isNaN(value)) return problem(click.column, wrongCell(row[click.column], click.column, 'click'), '0 or 1, false or true');
    }
    const when = time === undefined ? NaN : timeOf(row[time.column], time.unit);
    if (time !== undefined && Number.isNaN(when))
      return problem(time.column, wrongCell(row[time.column], time.column, 'time'), expected.time);
    builder.push(builder.users.codeOfText(userId), builder.items.codeOfText(itemId), value, when);
    return undefined;
  };
  const columns = [user, item, rating, click, time].flatMap((one) => (one === undefined ? [] : [one.column]));
  const report = await readRecords(candidate, form, {
    name: candidate.name,
    example: format.example,
    onBadRow: options.onBadRow,
    onTruncated: options.truncated ?? 'fail',
    columns,
    record,
  });
  return { ratings: builder.finish(), file: report };
}

function idOf(value: unknown, { whole = false }: IdColumn): string | undefined {
  const id = idText(value);
  return whole && id !== undefined && !/^\d{1,15}$/u.test(id) ? undefined : id;
}

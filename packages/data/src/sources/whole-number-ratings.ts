import type { FileReport } from '../read/file-report.js';
import { readIntegerRatings } from '../read/integer-ratings.js';
import { columnIndexes, type DelimitedForm } from '../read/records.js';
import { TIME_RANGE } from '../read/times.js';
import { fieldsOf, type RatingsFormat } from './formats.js';
import type { RawRatings } from './raw-tables.js';
import type { Recognized } from './recognize.js';

/**
 * Reads a plain file of just user, item, rating and seconds, with whole numbers for ids, the quick way; MovieLens is written so.
 * @returns undefined where the file is another, or holds anything unusual: then it is for {@link readDelimitedRatings}
 */
export async function readWholeNumberRatings(
  { candidate, format }: Recognized<RatingsFormat>,
  { dialect, columns }: DelimitedForm,
): Promise<{ ratings: RawRatings; file: FileReport } | undefined> {
  const { user, item, rating, time } = format;
  const isMember = candidate.name.includes('/');
  if (user.whole !== true || item.whole !== true || rating === undefined || time?.unit !== 's' || isMember) return undefined;
  const [header] = candidate.head.lines;
  const names = columns ?? fieldsOf(header, dialect);
  const places = columnIndexes([user.column, item.column, rating.column, time.column], names);
  if (names.length !== 4 || places.some((place, i) => place !== i) || dialect.separator.length > 2) return undefined;
  const read = await readIntegerRatings(candidate.path, {
    separator: dialect.separator,
    ...(columns === undefined && header !== undefined ? { header } : {}),
    ratings: [rating.low, rating.high],
    seconds: [TIME_RANGE[0] / 1000, TIME_RANGE[1] / 1000],
  });
  if (read === undefined) return undefined;
  const { ratings, digest } = read;
  return {
    ratings: { ...ratings, kind: 'rating' },
    file: { file: candidate.name, ...digest, rowsRead: ratings.length, rowsBad: 0, badRows: [] },
  };
}

import { basename } from 'node:path';
import { DataError } from '../errors.js';
import { createInterner, growingColumn } from '../read/columns.js';
import { decimalOf, integerOf, textOf } from '../read/field-values.js';
import type { Dialect, Fields, RowProblem } from '../read/fields.js';
import { readRows, type FileReport } from '../read/read-rows.js';
import type { OnBadRow } from '../read/bad-rows.js';
import type { RawItems, RawRatings } from './raw-tables.js';

/** How one of MovieLens' releases writes its files. */
export interface MovieLensFormat {
  readonly dialect: Dialect;
  readonly encoding: 'utf-8' | 'latin1';
  /** Whether the first row names the columns. */
  readonly header: boolean;
  readonly lowestRating: number;
}

const HIGHEST_RATING = 5;
/** MovieLens began in 1995; a time outside these years is milliseconds, or damage. */
const [FIRST_SECOND, LAST_SECOND] = [Date.UTC(1995) / 1000, Date.UTC(2100) / 1000];
const NO_GENRES = '(no genres listed)';
const YEAR = /\((\d{4})(?:\s*[-–]\s*\d{0,4})?\)$/u;

const RATING_COLUMNS = ['userId', 'movieId', 'rating', 'timestamp'];
const MOVIE_COLUMNS = ['movieId', 'title', 'genres'];

/** Reads ratings: user, movie, rating, seconds since 1970. */
export async function readRatings(
  path: string,
  format: MovieLensFormat,
  onBadRow: OnBadRow,
): Promise<{ ratings: RawRatings; file: FileReport }> {
  const { dialect, encoding, lowestRating } = format;
  const [users, items] = [createInterner(), createInterner()];
  const user = growingColumn(Int32Array);
  const item = growingColumn(Int32Array);
  const rating = growingColumn(Float32Array);
  const timestamp = growingColumn(Float64Array);

  const row = (bytes: Buffer, { start, end }: Fields): RowProblem | undefined => {
    if (Number.isNaN(integerOf(bytes, start[0]!, end[0]!))) return problem(start[0]!, 'this is no user id', 'a whole number');
    if (Number.isNaN(integerOf(bytes, start[1]!, end[1]!))) return problem(start[1]!, 'this is no movie id', 'a whole number');
    const value = decimalOf(bytes, start[2]!, end[2]!);
    if (!(value >= lowestRating && value <= HIGHEST_RATING)) {
      return problem(start[2]!, 'this is no rating', `a number from ${lowestRating} to ${HIGHEST_RATING}`);
    }
    const seconds = integerOf(bytes, start[3]!, end[3]!);
    if (!(seconds >= FIRST_SECOND && seconds < LAST_SECOND)) {
      return problem(start[3]!, 'this is no time', `seconds since 1970, from ${FIRST_SECOND} to ${LAST_SECOND}`);
    }
    user.push(users.code(bytes, start[0]!, end[0]!));
    item.push(items.code(bytes, start[1]!, end[1]!));
    rating.push(value);
    timestamp.push(seconds * 1000);
    return undefined;
  };
  const example = format.header ? '1,31,2.5,1260759144' : `1${dialect.separator}31${dialect.separator}5${dialect.separator}978300760`;
  const file = await readRows({
    path,
    dialect,
    encoding,
    onBadRow,
    example,
    fieldCount: 4,
    row,
    ...headerOf(path, format, RATING_COLUMNS),
  });
  const ratings = {
    length: user.length,
    user: user.finish(),
    item: item.finish(),
    userIds: users.values,
    itemIds: items.values,
    rating: rating.finish(),
    timestamp: timestamp.finish(),
  };
  return { ratings, file };
}

/** Reads movies: id, title with its year, genres separated by `|`. */
export async function readMovies(
  path: string,
  format: MovieLensFormat,
  onBadRow: OnBadRow,
): Promise<{ items: RawItems; file: FileReport }> {
  const { dialect, encoding } = format;
  const [itemIds, title, genres, year]: [string[], string[], string[][], number[]] = [[], [], [], []];

  const row = (bytes: Buffer, { start, end, quoted }: Fields): RowProblem | undefined => {
    if (Number.isNaN(integerOf(bytes, start[0]!, end[0]!))) return problem(start[0]!, 'this is no movie id', 'a whole number');
    const name = textOf(bytes, start[1]!, end[1]!, quoted[1] === 1, encoding)?.trim();
    const list = textOf(bytes, start[2]!, end[2]!, quoted[2] === 1, encoding)?.trim();
    if (name === undefined || list === undefined)
      return problem(start[name === undefined ? 1 : 2]!, 'bytes that are no text', `text in ${encoding}, without NUL`);
    itemIds.push(bytes.toString('latin1', start[0], end[0]));
    title.push(name);
    genres.push(
      list === NO_GENRES
        ? []
        : list
            .split('|')
            .map((genre) => genre.trim())
            .filter((genre) => genre !== ''),
    );
    year.push(Number(YEAR.exec(name)?.[1] ?? NaN));
    return undefined;
  };
  const s = dialect.separator;
  const example = format.header ? '11,"American President, The (1995)",Comedy|Drama|Romance' : `1${s}Toy Story (1995)${s}Animation|Comedy`;
  const file = await readRows({ path, dialect, encoding, onBadRow, example, fieldCount: 3, row, ...headerOf(path, format, MOVIE_COLUMNS) });
  return { items: { itemIds, title, attributes: { genres }, year: Float32Array.from(year) }, file };
}

function problem(at: number, what: string, expected: string): RowProblem {
  return { at, what, expected };
}

function headerOf(path: string, format: MovieLensFormat, names: readonly string[]): { header?: (found: readonly string[]) => void } {
  if (!format.header) return {};
  const expected = names.join(format.dialect.separator);
  return {
    header(found) {
      if (found.join(format.dialect.separator) === expected) return;
      throw new DataError('DATA_HEADER', `the first row is ${JSON.stringify(found.join(format.dialect.separator).slice(0, 80))}`, {
        where: `${basename(path)}:1`,
        expected: `the header ${JSON.stringify(expected)}`,
        remedy: `give the folder of the right dataset, or its right name`,
      });
    },
  };
}

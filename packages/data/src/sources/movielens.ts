import { CSV, type Dialect } from '../read/fields.js';
import type { RecordProblem, RowRecord } from '../read/records.js';
import { cellText, problem } from './cells.js';
import { formatSource } from './format-source.js';
import type { EntityFormat, EntityRow, FileFormat, Mark, RatingsFormat } from './formats.js';
import { ML100K_GENRES, ML1M_AGES, ML1M_OCCUPATIONS } from './movielens-codes.js';
import type { DatasetSource } from './raw-tables.js';
import { movies } from '../words/domains/movies.js';

const NO_GENRES = '(no genres listed)';
const YEAR = /\((\d{4})(?:\s*[-–]\s*\d{0,4})?\)$/u;
const COLONS: Dialect = { separator: '::', quotes: false };
const TABS: Dialect = { separator: '\t', quotes: false };
const BARS: Dialect = { separator: '|', quotes: false };

const rows = (pattern: RegExp, dialect: Dialect, columns: readonly string[]): Mark => ({
  rows: pattern,
  dialect,
  columns,
  encoding: 'either', // 1M is ISO-8859-1, 10M UTF-8
});

const ratingsFormat = (name: string, mark: Mark, low: number, example: string): RatingsFormat => ({
  role: 'ratings',
  name,
  mark,
  usually: /^(ratings?\.(csv|dat)|u\.data)(\.gz)?$/iu,
  example,
  user: { column: 'userId', whole: true },
  item: { column: 'movieId', whole: true },
  rating: { column: 'rating', low, high: 5 },
  time: { column: 'timestamp', unit: 's' },
});

const RATING_COLUMNS = ['userId', 'movieId', 'rating', 'timestamp'];
const ratings: readonly RatingsFormat[] = [
  ratingsFormat('MovieLens ratings, CSV', { header: RATING_COLUMNS, dialects: [CSV], encoding: 'utf-8' }, 0.5, '1,31,2.5,1260759144'),
  ratingsFormat(
    'MovieLens ratings, :: between fields',
    rows(/^\d+::\d+::[\d.]+::\d+$/u, COLONS, RATING_COLUMNS),
    0.5,
    '1::31::5::978300760',
  ),
  ratingsFormat('MovieLens 100K ratings', rows(/^\d+\t\d+\t[1-5]\t\d+$/u, TABS, RATING_COLUMNS), 1, '196\t242\t3\t881250949'),
];

function movie(record: RowRecord, genres: readonly string[]): EntityRow | RecordProblem {
  const id = cellText(record['movieId']);
  if (!/^\d{1,15}$/u.test(id)) return problem('movieId', 'this is no movie id', 'a whole number');
  const title = cellText(record['title']);
  return { id, title, year: Number(YEAR.exec(title)?.[1] ?? NaN), attributes: { genres } };
}

const genreList = (text: string): string[] =>
  text === NO_GENRES
    ? []
    : text
        .split('|')
        .map((genre) => genre.trim())
        .filter((genre) => genre !== '');

const MOVIE_COLUMNS = ['movieId', 'title', 'genres'];
const moviesFormat = (name: string, mark: Mark, example: string): EntityFormat => ({
  role: 'items',
  name,
  mark,
  usually: /^(movies?\.(csv|dat)|u\.item)(\.gz)?$/iu,
  example,
  columns: MOVIE_COLUMNS,
  attributes: ['genres'],
  row: (record) => movie(record, genreList(cellText(record['genres']))),
});

const FLAGS = ML100K_GENRES.map((_, i) => `genre${i}`);
const movieFormats: readonly EntityFormat[] = [
  moviesFormat(
    'MovieLens movies, CSV',
    { header: MOVIE_COLUMNS, without: ['userId'], dialects: [CSV], encoding: 'utf-8' },
    '11,"American President, The (1995)",Comedy|Drama|Romance',
  ),
  moviesFormat(
    'MovieLens movies, :: between fields',
    rows(/^\d+::.+::[^:\d]+$/u, COLONS, MOVIE_COLUMNS),
    '1::Toy Story (1995)::Animation|Comedy',
  ),
  {
    ...moviesFormat(
      'MovieLens 100K movies',
      rows(/^\d+\|[^|]*\|[^|]*\|[^|]*\|[^|]*(\|[01]){19}$/u, BARS, ['movieId', 'title', 'released', 'video', 'url', ...FLAGS]),
      `1|Toy Story (1995)|01-Jan-1995||http://us.imdb.com/M/title-exact?Toy%20Story%20(1995)${'|0'.repeat(19)}`,
    ),
    columns: ['movieId', 'title', ...FLAGS],
    row: (record) =>
      movie(
        record,
        ML100K_GENRES.filter((genre, i) => genre !== 'unknown' && record[`genre${i}`] === '1'),
      ),
  },
];

const usersFormat = (format: Pick<EntityFormat, 'name' | 'mark' | 'example' | 'row'>): EntityFormat => ({
  role: 'users',
  usually: /^(users\.dat|u\.user)(\.gz)?$/iu,
  columns: ['userId', 'gender', 'age', 'occupation'],
  attributes: ['gender', 'age', 'occupation'],
  ...format,
});

const users: readonly EntityFormat[] = [
  usersFormat({
    name: 'MovieLens 1M users',
    mark: rows(/^\d+::[FM]::\d+::\d+::[^:]*$/u, COLONS, ['userId', 'gender', 'age', 'occupation', 'zip']),
    example: '1::F::1::10::48067',
    row(record) {
      const [id, gender] = [cellText(record['userId']), cellText(record['gender'])];
      const age = ML1M_AGES[cellText(record['age'])];
      const occupation = /^\d{1,2}$/u.test(cellText(record['occupation'])) ? ML1M_OCCUPATIONS[Number(record['occupation'])] : undefined;
      if (!/^\d{1,15}$/u.test(id)) return problem('userId', 'this is no user id', 'a whole number');
      if (!['F', 'M'].includes(gender)) return problem('gender', 'this is no gender', 'F or M');
      if (age === undefined) return problem('age', 'this is no age code', Object.keys(ML1M_AGES).join(', '));
      if (occupation === undefined) return problem('occupation', 'this is no occupation code', '0 to 20');
      return { id, attributes: { gender: [gender], age: [age], occupation: [occupation] } };
    },
  }),
  usersFormat({
    name: 'MovieLens 100K users',
    mark: rows(/^\d+\|\d+\|[FM]\|[^|]+\|[^|]*$/u, BARS, ['userId', 'age', 'gender', 'occupation', 'zip']),
    example: '1|24|M|technician|85711',
    row(record) {
      const [id, age, gender] = [cellText(record['userId']), cellText(record['age']), cellText(record['gender'])];
      if (!/^\d{1,15}$/u.test(id)) return problem('userId', 'this is no user id', 'a whole number');
      if (!/^\d{1,3}$/u.test(age)) return problem('age', 'this is no age', 'a whole number of years');
      if (!['F', 'M'].includes(gender)) return problem('gender', 'this is no gender', 'F or M');
      return { id, attributes: { gender: [gender], age: [age], occupation: [cellText(record['occupation'])] } };
    },
  }),
];

const formats: readonly FileFormat[] = [...ratings, ...movieFormats, ...users];

/** MovieLens in any of its releases: 100K, 1M, 10M, 20M, 25M, latest. */
export const movieLens = (name: string, description: string): DatasetSource =>
  formatSource({
    name,
    description,
    formats,
    required: ['ratings', 'items'],
    passOver: /^(u[1-5ab]\.(base|test)|r[1-5ab]\.(train|test))(\.gz)?$/u, // the splits that come with 100K and 10M
    label: { threshold: 4 },
    catalogue: 'the films of MovieLens',
    domain: movies,
  });

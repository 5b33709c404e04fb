import { integerOf } from '../read/field-values.js';
import type { Fields } from '../read/fields.js';
import { readRows, type FileReport } from '../read/read-rows.js';
import { findFile } from './find-file.js';
import { readMovies, readRatings, type MovieLensFormat } from './movielens-rows.js';
import type { DatasetSource, LoadOptions, RawUsers } from './raw-tables.js';

const FORMAT: MovieLensFormat = { dialect: { separator: '::', quotes: false }, encoding: 'latin1', header: false, lowestRating: 1 };

/** Codes of users.dat, from the README of the dataset. */
const AGES: Readonly<Record<string, string>> = {
  1: 'under 18',
  18: '18-24',
  25: '25-34',
  35: '35-44',
  45: '45-49',
  50: '50-55',
  56: '56 or older',
};
const OCCUPATIONS = [
  'other',
  'academic/educator',
  'artist',
  'clerical/admin',
  'college/grad student',
  'customer service',
  'doctor/health care',
  'executive/managerial',
  'farmer',
  'homemaker',
  'K-12 student',
  'lawyer',
  'programmer',
  'retired',
  'sales/marketing',
  'scientist',
  'self-employed',
  'technician/engineer',
  'tradesman/craftsman',
  'unemployed',
  'writer',
] as const;

async function readUsers(path: string, { onBadRow }: LoadOptions): Promise<{ users: RawUsers; file: FileReport }> {
  const [userIds, gender, age, occupation]: [string[], string[][], string[][], string[][]] = [[], [], [], []];
  const file = await readRows({
    path,
    dialect: FORMAT.dialect,
    encoding: FORMAT.encoding,
    onBadRow,
    example: '1::F::1::10::48067',
    fieldCount: 5,
    row(bytes: Buffer, { start, end }: Fields) {
      const text = (field: number): string => bytes.toString('latin1', start[field], end[field]);
      if (Number.isNaN(integerOf(bytes, start[0]!, end[0]!)))
        return { at: start[0]!, what: 'this is no user id', expected: 'a whole number' };
      const ageName = AGES[text(2)];
      const occupationName = OCCUPATIONS[integerOf(bytes, start[3]!, end[3]!)];
      if (!['F', 'M'].includes(text(1))) return { at: start[1]!, what: 'this is no gender', expected: 'F or M' };
      if (ageName === undefined) return { at: start[2]!, what: 'this is no age code', expected: Object.keys(AGES).join(', ') };
      if (occupationName === undefined) return { at: start[3]!, what: 'this is no occupation code', expected: '0 to 20' };
      userIds.push(text(0));
      gender.push([text(1)]);
      age.push([ageName]);
      occupation.push([occupationName]);
      return undefined;
    },
  });
  return { users: { userIds, attributes: { gender, age, occupation } }, file };
}

/** MovieLens 1M: ratings.dat, movies.dat and users.dat with `::` between fields, ISO-8859-1, whole stars. */
export const movieLens1M: DatasetSource = {
  name: 'ml-1m',
  description: 'MovieLens 1M: ratings.dat, movies.dat, users.dat',
  async load(options) {
    const { dataDir, onBadRow } = options;
    const found = [await findFile(dataDir, 'ratings.dat'), await findFile(dataDir, 'movies.dat'), await findFile(dataDir, 'users.dat')];
    const [ratingsFile, moviesFile, usersFile] = found as [(typeof found)[0], (typeof found)[0], (typeof found)[0]];
    const users = await readUsers(usersFile.path, options);
    const movies = await readMovies(moviesFile.path, FORMAT, onBadRow);
    const { ratings, file } = await readRatings(ratingsFile.path, FORMAT, onBadRow);
    const notes = found.map(({ note }) => note).filter((note) => note !== undefined);
    return { ratings, items: movies.items, users: users.users, files: [file, movies.file, users.file], notes };
  },
};

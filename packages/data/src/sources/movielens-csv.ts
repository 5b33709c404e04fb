import { CSV } from '../read/fields.js';
import { findFile } from './find-file.js';
import { readMovies, readRatings, type MovieLensFormat } from './movielens-rows.js';
import type { DatasetSource, LoadOptions, RawTables } from './raw-tables.js';

const FORMAT: MovieLensFormat = { dialect: CSV, encoding: 'utf-8', header: true, lowestRating: 0.5 };

async function load({ dataDir, onBadRow }: LoadOptions): Promise<RawTables> {
  const [ratingsFile, moviesFile] = [await findFile(dataDir, 'ratings.csv'), await findFile(dataDir, 'movies.csv')];
  const movies = await readMovies(moviesFile.path, FORMAT, onBadRow);
  const { ratings, file } = await readRatings(ratingsFile.path, FORMAT, onBadRow);
  const notes = [ratingsFile.note, moviesFile.note].filter((note) => note !== undefined);
  return { ratings, items: movies.items, files: [file, movies.file], notes };
}

/** A MovieLens release in the CSV form: ratings.csv and movies.csv, UTF-8, half stars. */
export function movieLensCsv(name: string, description: string): DatasetSource {
  return { name, description, load };
}

import { DataOptionError } from '../errors.js';
import { namesIn } from './find-file.js';
import { movieLensCsv } from './movielens-csv.js';
import { movieLens1M } from './movielens-dat.js';
import type { DatasetSource } from './raw-tables.js';

const csv = movieLensCsv('movielens-csv', '');

/** MovieLens in whichever form the folder holds it. */
const movieLens: DatasetSource = {
  name: 'movielens',
  description: 'MovieLens of any of these releases, told by its files',
  load: async (options) =>
    ((await namesIn(options.dataDir)).some((name) => /^ratings\.dat(\.gz)?$/u.test(name)) ? movieLens1M : csv).load(options),
};

/** Every dataset that can be read. */
export const datasetSources: readonly DatasetSource[] = [
  movieLens,
  movieLensCsv('ml-latest-small', 'MovieLens latest small: ratings.csv, movies.csv'),
  movieLensCsv('ml-latest', 'MovieLens latest: ratings.csv, movies.csv'),
  movieLensCsv('ml-20m', 'MovieLens 20M: ratings.csv, movies.csv'),
  movieLensCsv('ml-25m', 'MovieLens 25M: ratings.csv, movies.csv'),
  movieLens1M,
];

/** A source by its name; `sources` may hold more than the built-in ones. @throws DataOptionError `DATA_UNKNOWN_DATASET`. */
export function datasetSource(name: string, sources: readonly DatasetSource[] = datasetSources): DatasetSource {
  const found = sources.find((source) => source.name === name);
  if (found === undefined) {
    throw new DataOptionError('DATA_UNKNOWN_DATASET', `there is no dataset '${name}'`, {
      where: '--dataset',
      expected: `one of ${sources.map((source) => source.name).join(', ')}`,
    });
  }
  return found;
}

import { nameAdvice } from '@expctr/core';
import { DataOptionError } from '../errors.js';
import { amazon } from './amazon.js';
import { bookCrossing } from './bookcrossing.js';
import { goodbooks } from './goodbooks.js';
import { movieLens } from './movielens.js';
import type { DatasetSource } from './raw-tables.js';
import { table } from './table.js';
import { yelp } from './yelp.js';

/** Every dataset that can be read. */
export const datasetSources: readonly DatasetSource[] = [
  movieLens('movielens', 'MovieLens of any release, 100K to 25M and latest'),
  ...['ml-100k', 'ml-1m', 'ml-10m', 'ml-20m', 'ml-25m', 'ml-latest', 'ml-latest-small'].map((name) =>
    movieLens(name, 'the same as movielens'),
  ),
  bookCrossing,
  amazon,
  goodbooks,
  yelp,
  table,
];

/** A source by its name; `sources` may hold more than the built-in ones. @throws DataOptionError `DATA_UNKNOWN_DATASET`. */
export function datasetSource(name: string, sources: readonly DatasetSource[] = datasetSources): DatasetSource {
  const found = sources.find((source) => source.name === name);
  if (found === undefined)
    throw unknownDataset(
      name,
      sources.map((source) => source.name),
    );
  return found;
}

/** The error of a dataset that is not there, with those that are. */
export function unknownDataset(name: string, names: readonly string[]): DataOptionError {
  return new DataOptionError('DATA_UNKNOWN_DATASET', `there is no dataset '${name}'`, {
    where: '--dataset',
    expected: `one of ${names.join(', ')}`,
    remedy: nameAdvice(name, names),
  });
}

import { join } from 'node:path';
import { createRng, writeFileAtomic, type Rng, checkOptions, type OptionKeys } from '@expctr/core';
import { requireInteger } from '../errors.js';
import { inventMovies, type Movie } from './catalogue.js';
import { genres } from './genres.js';
import { ratingsOf, type Rating } from './viewer.js';

/** Options of {@link writeMovieLensShaped}. */
export interface MovieLensShapedOptions {
  /** Number of users, from 1. */
  readonly users: number;
  /** Number of movies, from 30. */
  readonly items: number;
  /** Everything follows from it. */
  readonly seed: number;
  /**
   * Scale of the number of ratings of a user: the fewest is a third of it, and it is their mean except that nobody rates more
   * than 70 % of the movies. Default 60.
   */
  readonly ratingsPerUser?: number;
}

/** What was written. */
export interface MovieLensShapedSummary {
  /** Users in ratings.csv. */
  readonly users: number;
  /** Movies in movies.csv. */
  readonly items: number;
  /** Rows of ratings.csv. */
  readonly ratings: number;
  /** Share of ratings of 4 and more. */
  readonly liked: number;
}

const WRITE_MOVIE_LENS_SHAPED_OPTIONS: OptionKeys<MovieLensShapedOptions> = { users: true, items: true, seed: true, ratingsPerUser: true };

/**
 * Writes a made-up dataset in the files of MovieLens's CSV releases: movies.csv and ratings.csv, and a README.txt that says
 * what they are. Titles are invented; users have latent tastes for genres, so that ratings can be learned from one another;
 * popularity and activity follow power laws; a part of each user's ratings shares its second with the one before.
 * The same options give the same bytes, and a user's ratings do not depend on how many users there are.
 *
 * @throws TestbedError `TESTBED_OPTION` for sizes that make no sense.
 */
export async function writeMovieLensShaped(dir: string, options: MovieLensShapedOptions): Promise<MovieLensShapedSummary> {
  checkOptions('writeMovieLensShaped', options, WRITE_MOVIE_LENS_SHAPED_OPTIONS);
  const { users, items, seed, ratingsPerUser = 60 } = options;
  requireInteger('testbed.users', users, 1, 10_000_000);
  requireInteger('testbed.items', items, 30, 1_000_000);
  requireInteger('testbed.seed', seed, 0, Number.MAX_SAFE_INTEGER);
  requireInteger('testbed.ratingsPerUser', ratingsPerUser, 15, 10_000);
  const rng = createRng(seed).fork('movielens-shaped');
  const movies = inventMovies(items, rng.fork('movies'));
  const ratings: Rating[] = [];
  for (let userId = 1; userId <= users; userId += 1) {
    const own = rng.fork('user', userId);
    ratings.push(...ratingsOf(userId, movies, activity(ratingsPerUser, items, own.fork('activity')), own));
  }
  await writeFileAtomic(join(dir, 'movies.csv'), csv('movieId,title,genres', movies.map(movieLine)));
  await writeFileAtomic(join(dir, 'ratings.csv'), csv('userId,movieId,rating,timestamp', ratings.map(ratingLine)));
  await writeFileAtomic(join(dir, 'README.txt'), readme(options));
  return { users, items, ratings: ratings.length, liked: ratings.filter(({ rating }) => rating >= 4).length / ratings.length };
}

/** Pareto with exponent 3/2, whose mean is three times its minimum. */
function activity(mean: number, items: number, rng: Rng): number {
  return Math.min(Math.floor(0.7 * items), Math.round((mean / 3) * (1 - rng.next()) ** (-2 / 3)));
}

function movieLine({ movieId, title, genres: indices }: Movie): string {
  const quoted = title.includes(',') ? `"${title}"` : title;
  return `${movieId},${quoted},${indices.map((index) => genres[index]!.name).join('|')}`;
}

function ratingLine({ userId, movieId, rating, timestamp }: Rating): string {
  return `${userId},${movieId},${rating.toFixed(1)},${timestamp}`;
}

/** Lines end as in the published files. */
function csv(header: string, lines: readonly string[]): string {
  return [header, ...lines, ''].join('\r\n');
}

function readme({ users, items, seed }: MovieLensShapedOptions): string {
  return `Made up by @expctr/testbed from seed ${seed}: ${users} users and ${items} movies in the file format of MovieLens.
No movie, user or rating in it is real.
`;
}

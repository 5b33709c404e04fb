// A set with the shape of MovieLens 20M: the same files, counts and power laws, no real person's rating in it.
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { once } from 'node:events';
import { createRng, type Rng } from '@expctr/core';
import { createAlias } from './alias.js';

const [RATINGS, USERS, MOVIES] = [20_000_263, 138_493, 27_278];
const [FEWEST, MOST] = [20, 9_254]; // ratings of a user
const GENRES =
  'Action Adventure Animation Children Comedy Crime Documentary Drama Fantasy Film-Noir Horror Musical Mystery Romance Sci-Fi Thriller War Western'.split(
    ' ',
  );
const STARS = Float64Array.of(0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5);
const STAR_WEIGHTS = [1.2, 3.4, 1.4, 7.2, 4.4, 21.4, 11, 27.8, 7.7, 14.5]; // percent, as in the real set
const [FIRST, LAST] = [Date.UTC(1995, 0, 9) / 1000, Date.UTC(2015, 2, 31) / 1000];

/** What to write. */
export interface MovieLens20MOptions {
  /** Where; made where it is not there. */
  readonly folder: string;
  /** Default 20,000,263. Fewer ratings scale the number of users; the 27,278 movies stay. */
  readonly ratings?: number;
  /** Default 1. */
  readonly seed?: number;
}

/** What was written. */
export interface MovieLens20MSummary {
  readonly ratings: number;
  readonly users: number;
  readonly movies: number;
}

/** Writes the set into a folder. The tag genome (300 MB that no reader here reads) is left out. */
export async function writeMovieLens20M({ folder, ratings = RATINGS, seed = 1 }: MovieLens20MOptions): Promise<MovieLens20MSummary> {
  await mkdir(folder, { recursive: true });
  const rng = createRng(seed).fork('movielens-20m-shaped');
  const users = Math.max(1, Math.round((USERS * ratings) / RATINGS));
  // Movie ids have gaps, and the popular ones are spread over the file, as in the real set.
  const ids = Int32Array.from({ length: MOVIES }, (_, movie) => 1 + movie * 4 + (movie % 3));
  await writeRatings(folder, { ids, counts: activity(ratings, users, rng.fork('activity')), rng });
  await writeMovies(folder, ids, rng.fork('genres'));
  return { ratings, users, movies: MOVIES };
}

/** Ratings of each user: a power law between FEWEST and MOST whose sum is exact. */
function activity(ratings: number, users: number, rng: Rng): Int32Array {
  const drawn = Float64Array.from({ length: users }, () => Math.min(MOST, FEWEST * (1 - rng.next()) ** (-1 / 1.16)) - FEWEST);
  const scale = (ratings - users * FEWEST) / drawn.reduce((sum, extra) => sum + extra, 0);
  const counts = Int32Array.from(drawn, (extra) => Math.min(MOST, FEWEST + Math.floor(extra * scale)));
  let left = ratings - counts.reduce((sum, count) => sum + count, 0);
  while (left > 0) {
    const user = rng.int(users);
    if (counts[user] === MOST) continue;
    counts[user]! += 1;
    left -= 1;
  }
  return counts;
}

/** A file written in pieces; `write` waits where the disk is slower. */
function openText(path: string): { write(text: string): Promise<void>; end(): Promise<void> } {
  const stream = createWriteStream(path);
  return {
    async write(text) {
      if (!stream.write(text, 'latin1')) await once(stream, 'drain');
    },
    async end() {
      stream.end();
      await once(stream, 'finish');
    },
  };
}

interface RatingsPlan {
  readonly ids: Int32Array;
  /** Ratings of each user. */
  readonly counts: Int32Array;
  readonly rng: Rng;
}

async function writeRatings(folder: string, { ids, counts, rng }: RatingsPlan): Promise<void> {
  const rank = rng.fork('rank').shuffle(Int32Array.from({ length: MOVIES }, (_, movie) => movie));
  const drawMovie = createAlias(
    Array.from(rank, (place) => Math.exp(-place / 2_800) + 0.002 / (1 + place / 6_000) ** 4),
    rng.fork('movies'),
  );
  const drawStar = createAlias(STAR_WEIGHTS, rng.fork('stars'));
  const file = openText(join(folder, 'ratings.csv'));
  const seen = new Int32Array(MOVIES).fill(-1);
  const times = rng.fork('times');
  let text = 'userId,movieId,rating,timestamp\r\n';
  for (let user = 0; user < counts.length; user += 1) {
    const count = counts[user]!;
    const chosen = new Int32Array(count);
    for (let i = 0, misses = 0; i < count;) {
      const movie = misses < 200 ? drawMovie() : times.int(MOVIES); // a very active user runs out of popular movies
      misses += 1;
      if (seen[movie] === user) continue;
      seen[movie] = user;
      chosen[i++] = movie;
      misses = 0;
    }
    chosen.sort(); // a user's rows stand by movie id, not by time
    const start = FIRST + times.int(LAST - FIRST - 40 * count);
    for (const movie of chosen) {
      const time = start + times.int(13 * count); // of three rows about one is tied with another
      text += `${user + 1},${ids[movie]},${STARS[drawStar()]!.toFixed(1)},${time}\r\n`;
    }
    if (text.length > 1 << 22) {
      await file.write(text);
      text = '';
    }
  }
  await file.write(text);
  await file.end();
}

async function writeMovies(folder: string, ids: Int32Array, rng: Rng): Promise<void> {
  const movies = openText(join(folder, 'movies.csv'));
  const links = openText(join(folder, 'links.csv'));
  await movies.write('movieId,title,genres\r\n');
  await links.write('movieId,imdbId,tmdbId\r\n');
  for (let movie = 0; movie < MOVIES; movie += 1) {
    const own = [...new Set(Array.from({ length: rng.int(4) }, () => GENRES[rng.int(GENRES.length)]!))].sort();
    const title = `Movie ${movie + 1}${movie % 9 === 0 ? ', The' : ''} (${1915 + rng.int(100)})`;
    await movies.write(`${ids[movie]},${title.includes(',') ? `"${title}"` : title},${own.join('|') || '(no genres listed)'}\r\n`);
    await links.write(`${ids[movie]},${String(100_000 + movie).padStart(7, '0')},${movie + 1}\r\n`);
  }
  await movies.end();
  await links.end();
  const tags = openText(join(folder, 'tags.csv'));
  await tags.write(`userId,movieId,tag,timestamp\r\n1,${ids[0]},long tail,${LAST}\r\n`);
  await tags.end();
}

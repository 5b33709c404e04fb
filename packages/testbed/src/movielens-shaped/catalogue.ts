import type { Rng } from '@expctr/core';
import { genres, type Genre } from './genres.js';
import { inventTitle } from './title.js';

/** A movie of the generated set. */
export interface Movie {
  /** 1, 2, 3, ... */
  readonly movieId: number;
  /** With the year, as in MovieLens. */
  readonly title: string;
  /** Indices into {@link genres}, one to three. */
  readonly genres: readonly number[];
  /** What everybody agrees on, in units of a rating's latent scale. */
  readonly quality: number;
  /** Relative chance of being watched; a power law over movies. */
  readonly popularity: number;
}

/** Exponent of the power law: the movie of rank r is watched in proportion to r^-0.8. */
const POPULARITY_EXPONENT = 0.8;

/** `count` invented movies, all from `rng`. */
export function inventMovies(count: number, rng: Rng): Movie[] {
  const taken = new Set<string>();
  const drafts = Array.from({ length: count }, (_, at) => {
    const own = rng.fork('movie', at);
    const chosen = chooseGenres(own);
    const year = 1960 + own.int(40); // every rating is given later
    const title = inventTitle(
      chosen.map((index) => genres[index]!),
      year,
      taken,
      own,
    );
    const quality = 0.4 * own.normal();
    const movie = { movieId: at + 1, title, genres: [...chosen].sort((a, b) => a - b), quality };
    return { movie, fame: quality + 0.4 * own.normal() };
  });
  const ranked = [...drafts].sort((a, b) => b.fame - a.fame);
  const rank = new Map(ranked.map(({ movie }, at) => [movie.movieId, at + 1]));
  return drafts.map(({ movie }) => ({ ...movie, popularity: rank.get(movie.movieId)! ** -POPULARITY_EXPONENT }));
}

/** One genre for 40 % of movies, two for 40 %, three for 20 %, without repetition and by frequency. The first is the main one. */
function chooseGenres(rng: Rng): number[] {
  const share = rng.next();
  const size = share < 0.4 ? 1 : share < 0.8 ? 2 : 3;
  const chosen: number[] = [];
  while (chosen.length < size) {
    const index = weightedIndex(genres, rng);
    if (!chosen.includes(index)) chosen.push(index);
  }
  return chosen;
}

function weightedIndex(list: readonly Genre[], rng: Rng): number {
  let left = rng.next() * list.reduce((sum, { weight }) => sum + weight, 0);
  return Math.max(
    0,
    list.findIndex(({ weight }) => (left -= weight) < 0),
  );
}

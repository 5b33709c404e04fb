import type { Rng } from '@expctr/core';
import type { Movie } from './catalogue.js';
import { genres } from './genres.js';

/** A rating as MovieLens writes it. */
export interface Rating {
  readonly userId: number;
  readonly movieId: number;
  /** 0.5 to 5 in steps of 0.5. */
  readonly rating: number;
  /** Seconds since 1970 (UTC). */
  readonly timestamp: number;
}

/** A user's latent side, which no file holds. */
interface Viewer {
  /** Taste for each genre: positive, negative, or 0 for most. */
  readonly tastes: readonly number[];
  readonly bias: number;
}

const LIKED_GENRES = 3;
const DISLIKED_GENRES = 3;
/** Standard deviation of what neither taste nor quality explains. */
const NOISE = 0.6;
/** How much a taste draws its owner to a movie, beside the movie's popularity: people choose what they expect to like, and err. */
const PULL = 0.5;

function inventViewer(rng: Rng): Viewer {
  const order = rng.shuffle(genres.map((_, index) => index));
  const tastes = genres.map(() => 0);
  order.slice(0, LIKED_GENRES).forEach((index) => (tastes[index] = 0.8 + 0.6 * rng.next()));
  order.slice(LIKED_GENRES, LIKED_GENRES + DISLIKED_GENRES).forEach((index) => (tastes[index] = -0.8 - 0.6 * rng.next()));
  return { tastes, bias: 0.25 * rng.normal() };
}

/** Sum of the tastes for a movie's genres, damped so that three genres do not count thrice. */
function appeal({ tastes }: Viewer, movie: Movie): number {
  return movie.genres.reduce((sum, index) => sum + tastes[index]!, 0) / Math.sqrt(movie.genres.length);
}

/** All ratings of one user in the order of time. `count` movies are watched, none twice. */
export function ratingsOf(userId: number, movies: readonly Movie[], count: number, rng: Rng): Rating[] {
  const viewer = inventViewer(rng.fork('tastes'));
  const watched = watch(viewer, movies, count, rng.fork('watched'));
  const timestamps = times(count, rng.fork('times'));
  const noise = rng.fork('noise');
  return watched.map((movie, at) => {
    const latent = appeal(viewer, movie) + movie.quality + viewer.bias + NOISE * noise.normal();
    const rating = Math.min(5, Math.max(0.5, Math.round(2 * (3.5 + latent)) / 2));
    return { userId, movieId: movie.movieId, rating, timestamp: timestamps[at]! };
  });
}

/** Movies without replacement, in proportion to popularity and pull (Efraimidis and Spirakis 2006: the smallest of Exp(weight)). */
function watch(viewer: Viewer, movies: readonly Movie[], count: number, rng: Rng): Movie[] {
  const arrivals = movies.map((movie) => {
    const weight = movie.popularity * Math.exp(PULL * appeal(viewer, movie));
    return { movie, at: -Math.log(1 - rng.next()) / weight };
  });
  return arrivals
    .sort((a, b) => a.at - b.at)
    .slice(0, count)
    .map(({ movie }) => movie);
}

const DAY = 86_400;

/** Ratings come in sittings some weeks apart; within one, seconds to minutes lie between them, or none at all (ties, as in MovieLens). */
function times(count: number, rng: Rng): number[] {
  let now = Date.UTC(2000) / 1000 + rng.int(15 * 365 * DAY);
  return Array.from({ length: count }, () => {
    const kind = rng.next();
    if (kind < 0.15) now += Math.ceil(-30 * DAY * Math.log(1 - rng.next()));
    else if (kind < 0.8) now += 5 + rng.int(120);
    return now;
  });
}

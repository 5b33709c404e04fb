import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TestbedError, writeMovieLensShaped } from '../src/index.js';
import { areaUnderCurve, temporaryFolder } from './support.js';

const OPTIONS = { users: 120, items: 200, seed: 5 };

async function written(options = OPTIONS) {
  const folder = await temporaryFolder();
  const summary = await writeMovieLensShaped(folder, options);
  const [movies, ratings] = await Promise.all(['movies.csv', 'ratings.csv'].map((file) => readFile(join(folder, file), 'utf8')));
  const rows = (text: string) => text.split('\r\n').slice(1, -1);
  return {
    folder,
    summary,
    files: [movies!, ratings!],
    movies: rows(movies!).map((line) => {
      const [, movieId, quoted, plain, genres] = /^(\d+),(?:"(.*)"|([^",]*)),([^,]*)$/.exec(line)!;
      return { movieId: Number(movieId), title: quoted ?? plain!, genres: genres!.split('|') };
    }),
    ratings: rows(ratings!).map((line) => {
      const [userId, movieId, rating, timestamp] = line.split(',').map(Number);
      return { userId: userId!, movieId: movieId!, rating: rating!, timestamp: timestamp! };
    }),
  };
}

test('the same seed gives the same bytes, another seed does not', async () => {
  const [first, second, other] = [await written(), await written(), await written({ ...OPTIONS, seed: 6 })];
  expect(second.files).toEqual(first.files);
  expect(other.files[0]).not.toBe(first.files[0]);
  expect(other.files[1]).not.toBe(first.files[1]);
});

test('a user’s ratings do not depend on how many users there are', async () => {
  const [many, few] = [await written(), await written({ ...OPTIONS, users: 10 })];
  expect(few.ratings).toEqual(many.ratings.filter(({ userId }) => userId <= 10));
  expect(few.movies).toEqual(many.movies);
});

test('movies have titles of their own with a year, and one to three known genres', async () => {
  const { movies } = await written();
  expect(movies.map(({ movieId }) => movieId)).toEqual(Array.from({ length: 200 }, (_, at) => at + 1));
  expect(new Set(movies.map(({ title }) => title)).size).toBe(200);
  for (const { title, genres } of movies) {
    expect(title).toMatch(/^[A-Z][\w',: ]* \((19[6-9]\d)\)$/);
    expect(genres.length).toBeGreaterThanOrEqual(1);
    expect(genres.length).toBeLessThanOrEqual(3);
    expect(new Set(genres).size).toBe(genres.length);
  }
  expect(movies.some(({ title }) => title.includes(', The ('))).toBe(true);
});

test('ratings go from 0.5 to 5 in half stars, no movie twice by a user, in ascending time with ties', async () => {
  const { ratings, summary } = await written();
  expect(new Set(ratings.map(({ rating }) => rating)).size).toBeGreaterThanOrEqual(8);
  for (const { rating } of ratings) expect(rating >= 0.5 && rating <= 5 && Number.isInteger(2 * rating)).toBe(true);
  let ties = 0;
  for (let userId = 1; userId <= OPTIONS.users; userId += 1) {
    const own = ratings.filter((row) => row.userId === userId);
    expect(own.length).toBeGreaterThanOrEqual(20);
    expect(own.length).toBeLessThanOrEqual(140);
    expect(new Set(own.map(({ movieId }) => movieId)).size).toBe(own.length);
    own.slice(1).forEach(({ timestamp }, at) => {
      expect(timestamp).toBeGreaterThanOrEqual(own[at]!.timestamp);
      if (timestamp === own[at]!.timestamp) ties += 1;
    });
  }
  expect(ties / ratings.length).toBeGreaterThan(0.1);
  expect(summary).toEqual({
    users: 120,
    items: 200,
    ratings: ratings.length,
    liked: expect.closeTo(ratings.filter(({ rating }) => rating >= 4).length / ratings.length) as number,
  });
  expect(summary.liked).toBeGreaterThan(0.35);
  expect(summary.liked).toBeLessThan(0.65);
});

test('popularity is a power law: a tenth of the movies gets several times its share, and every movie is watched', async () => {
  const { ratings } = await written();
  const counts = new Array<number>(OPTIONS.items).fill(0);
  for (const { movieId } of ratings) counts[movieId - 1] = counts[movieId - 1]! + 1;
  counts.sort((a, b) => b - a);
  const top = counts.slice(0, OPTIONS.items / 10).reduce((sum, count) => sum + count, 0);
  expect(top / ratings.length).toBeGreaterThan(0.2);
  expect(counts.filter((count) => count >= 5).length).toBeGreaterThan(0.9 * OPTIONS.items);
});

test('tastes can be learned: a user’s mean rating by genre over earlier ratings tells later likes apart', async () => {
  const { movies, ratings } = await written();
  const genresOf = new Map(movies.map(({ movieId, genres }) => [movieId, genres]));
  const [scores, globalScores, labels]: [number[], number[], boolean[]] = [[], [], []];
  for (let userId = 1; userId <= OPTIONS.users; userId += 1) {
    const own = ratings.filter((row) => row.userId === userId);
    const [earlier, later] = [own.slice(0, Math.floor(0.8 * own.length)), own.slice(Math.floor(0.8 * own.length))];
    const mean = (list: readonly number[], prior: number): number => list.reduce((a, b) => a + b, 2 * prior) / (list.length + 2);
    const overall = mean(
      earlier.map(({ rating }) => rating),
      3.5,
    );
    for (const { movieId, rating } of later) {
      const byGenre = genresOf.get(movieId)!.map((genre) =>
        mean(
          earlier.filter((row) => genresOf.get(row.movieId)!.includes(genre)).map((row) => row.rating),
          overall,
        ),
      );
      scores.push(byGenre.reduce((a, b) => a + b, 0) / byGenre.length);
      globalScores.push(overall);
      labels.push(rating >= 4);
    }
  }
  expect(areaUnderCurve(scores, labels)).toBeGreaterThan(0.7);
  expect(areaUnderCurve(scores, labels)).toBeGreaterThan(areaUnderCurve(globalScores, labels) + 0.05); // it is the genres, not the user
});

test.each([
  [{ users: 0 }, 'testbed.users'],
  [{ items: 29 }, 'testbed.items'],
  [{ items: 30.5 }, 'testbed.items'],
  [{ seed: -1 }, 'testbed.seed'],
])('%j is refused by name', async (wrong, name) => {
  const failure = writeMovieLensShaped(await temporaryFolder(), { ...OPTIONS, ...wrong });
  await expect(failure).rejects.toThrow(TestbedError);
  await expect(failure).rejects.toThrow(name);
});

// The texts that encoders are measured on: made ones for speed, real ones for similarity.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Texts of 12 to 51 words, no two alike: the words of a few explanations in seeded order. */
export function madeTexts(n: number): string[] {
  const words =
    'the user would probably enjoy this film because they liked animated adventures with warm humor while they disliked slow horror and the story of this one is about friendship and growing up'.split(
      ' ',
    );
  let state = 1;
  const next = (bound: number): number => (state = (state * 48271) % 2147483647) % bound;
  return Array.from({ length: n }, (_, i) => Array.from({ length: 12 + (i % 40) }, () => words[next(words.length)]!).join(' '));
}

/** Words of a review that are taken: no text is cut by any encoder. */
const WORDS = 60;

/** Half titles of MovieLens with their genres, half the beginnings of reviews of musical instruments. @param folder with the two datasets */
export function realTexts(folder: string, n: number): string[] {
  const lines = (...path: string[]): string[] =>
    gunzipSync(readFileSync(join(folder, ...path)))
      .toString('utf8')
      .split(/\r?\n/u);
  const titles = lines('ml-latest-small', 'movies.csv.gz').flatMap((line) => {
    const [, quoted, plain, genres] = /^\d+,(?:"(.*)"|([^,]*)),([^,]*)$/u.exec(line) ?? [];
    return genres === undefined ? [] : `${(quoted ?? plain ?? '').replaceAll('""', '"')}. genres: ${genres.split('|').join(', ')}`;
  });
  const reviews = lines('amazon-musical-instruments-2014', 'reviews_Musical_Instruments_5.json.gz').flatMap((line) => {
    const { reviewText = '' } = line === '' ? {} : (JSON.parse(line) as { readonly reviewText?: string });
    return reviewText === '' ? [] : reviewText.split(/\s+/u).slice(0, WORDS).join(' ');
  });
  return [...spread(titles, n >> 1), ...spread(reviews, n - (n >> 1))];
}

/** `n` of the distinct values of a list, evenly from its beginning to its end. */
function spread(list: readonly string[], n: number): string[] {
  const distinct = [...new Set(list)];
  return Array.from({ length: Math.min(n, distinct.length) }, (_, k) => distinct[Math.floor((k * distinct.length) / n)]!);
}

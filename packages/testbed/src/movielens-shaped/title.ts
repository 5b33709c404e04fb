import type { Rng } from '@expctr/core';
import type { Genre } from './genres.js';

type Pattern = (adjective: string, noun: string, other: string) => string;

/** MovieLens puts a leading article at the end: `Silent Witness, The (1984)`. */
const patterns: readonly Pattern[] = [
  (adjective, noun) => `${adjective} ${noun}`,
  (adjective, noun) => `${adjective} ${noun}, The`,
  (adjective, noun) => `${adjective} ${noun}, ${/^[AEIOU]/.test(adjective) ? 'An' : 'A'}`,
  (_, noun, other) => `${noun} of the ${other}`,
  (_, noun, other) => `${other} and the ${noun}, The`,
  (adjective, noun, other) => `${noun}: ${adjective} ${other}`,
];

const SEQUELS = ['', ' II', ' III', ' IV', ' V', ' VI', ' VII', ' VIII', ' IX', ' X'];

/** An invented title with its year, made of words of its genres and not among `taken`, to which it is added. */
export function inventTitle(genres: readonly Genre[], year: number, taken: Set<string>, rng: Rng): string {
  const pick = <T>(list: readonly T[]): T => list[rng.int(list.length)]!;
  for (let attempt = 0; ; attempt += 1) {
    const noun = pick(genres[0]!.nouns);
    const others = pick(genres).nouns.filter((other) => other !== noun);
    const name = pick(patterns)(pick(pick(genres).adjectives), noun, pick(others));
    const [, base = '', article = ''] = /^(.*?)(, (?:The|An?))?$/.exec(name) ?? [];
    const sequel = SEQUELS[Math.min(attempt >> 3, SEQUELS.length - 1)]!; // after eight misses, a sequel
    const title = `${base}${sequel}${attempt > 8 * SEQUELS.length ? ` ${attempt}` : ''}${article} (${year})`;
    if (taken.has(title)) continue;
    taken.add(title);
    return title;
  }
}

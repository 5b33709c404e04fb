import { toByteCharacters } from './byte-alphabet.js';

/** How GPT-2's ByteLevel pre-tokenizer cuts a text into words; merges never cross them. */
const WORDS = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** One merge: two tokens, in the alphabet of bytes, that become one. */
export type Merge = readonly [left: string, right: string];

interface Word {
  symbols: string[];
  readonly count: number;
}

/**
 * Byte-pair encoding over bytes: joins the most frequent neighboring pair again and again, `limit` times or until no pair
 * comes twice. Of equally frequent pairs the first in code-unit order is taken, so the same texts give the same merges.
 *
 * Source: Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units", algorithm 1; on bytes as in GPT-2.
 */
export function learnMerges(texts: readonly string[], limit: number): Merge[] {
  const words = countWords(texts);
  const pairs = new Map<string, number>();
  words.forEach((word) => count(word, 1, pairs));
  const merges: Merge[] = [];
  while (merges.length < limit) {
    const best = mostFrequent(pairs);
    if (best === undefined) break;
    merges.push(best);
    for (const word of words) {
      const symbols = merged(word.symbols, best);
      if (symbols.length === word.symbols.length) continue;
      count(word, -1, pairs);
      word.symbols = symbols;
      count(word, 1, pairs);
    }
  }
  return merges;
}

function countWords(texts: readonly string[]): Word[] {
  const counts = new Map<string, number>();
  for (const text of texts) for (const word of text.match(WORDS) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => ({ symbols: [...toByteCharacters(word)], count }));
}

/** Adds the pairs of a word to `pairs`, or takes them away; a pair is written with a space, which is in no symbol. */
function count({ symbols, count: times }: Word, sign: 1 | -1, pairs: Map<string, number>): void {
  for (let at = 1; at < symbols.length; at += 1) {
    const pair = `${symbols[at - 1]} ${symbols[at]}`;
    pairs.set(pair, (pairs.get(pair) ?? 0) + sign * times);
  }
}

function mostFrequent(pairs: ReadonlyMap<string, number>): Merge | undefined {
  let best: string | undefined;
  let most = 1;
  for (const [pair, times] of pairs) {
    if (times > most || (times === most && best !== undefined && pair < best)) [best, most] = [pair, times];
  }
  return best === undefined ? undefined : (best.split(' ') as [string, string]);
}

function merged(symbols: string[], [left, right]: Merge): string[] {
  if (!symbols.includes(left)) return symbols;
  const result: string[] = [];
  for (let at = 0; at < symbols.length; at += 1) {
    const joins = symbols[at] === left && symbols[at + 1] === right;
    result.push(joins ? left + right : symbols[at]!);
    if (joins) at += 1;
  }
  return result;
}

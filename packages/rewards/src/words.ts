/** Letters of scripts that set no spaces between words. */
const UNSPACED = String.raw`[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Bopo}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}\p{scx=Tibt}]`;
const WORD = new RegExp(String.raw`(?=\p{L})${UNSPACED}\p{M}*|(?!${UNSPACED})[\p{L}\p{N}](?:(?!${UNSPACED})[\p{L}\p{N}\p{M}'’])*`, 'gu');
const ONE_UNSPACED = new RegExp(`^${UNSPACED}`, 'u');

/**
 * The words of a text, in lower case and one Unicode form (NFKC), without punctuation. Where a script sets no spaces (Chinese, Japanese,
 * Thai, ...) each character with its marks counts as one: no dictionary is asked.
 */
export function wordsOf(text: string): string[] {
  return text.normalize('NFKC').toLowerCase().match(WORD) ?? [];
}

/** Whether a word of {@link wordsOf} is a character of a script without spaces. */
export function isUnspaced(word: string): boolean {
  return ONE_UNSPACED.test(word);
}

/** Every run of `size` words, as one text each; of fewer words there is none. */
export function ngrams(words: readonly string[], size: number): string[] {
  return Array.from({ length: Math.max(0, words.length - size + 1) }, (_, at) => words.slice(at, at + size).join(' '));
}

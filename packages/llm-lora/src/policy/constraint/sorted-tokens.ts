import type { Tokenizer } from '@expctr/language-model';
import { asBytes, type ByteText } from '../byte-text.js';

/** Tokens in the order of their bytes: those that begin alike stand side by side, as under one node of a tree. */
export class SortedTokens {
  /** What each token adds to a text. */
  readonly texts: readonly ByteText[];
  /** Its id. */
  readonly ids: Int32Array;
  readonly #byId: ReadonlyMap<number, ByteText>;
  readonly #fewest = new Map<ByteText, number>();

  /** @param size ids are below it @param without tokens that a text may not have: those that end it */
  constructor(tokenizer: Tokenizer, size: number, without: readonly number[]) {
    const left = new Set(without);
    const words: (readonly [text: ByteText, id: number])[] = [];
    for (let id = 0; id < Math.min(size, tokenizer.vocabularySize); id += 1) {
      const text = left.has(id) ? '' : asBytes(tokenizer.tokenBytes(id));
      if (text !== '') words.push([text, id]);
    }
    words.sort(([a, i], [b, j]) => (a < b ? -1 : a > b ? 1 : i - j));
    this.texts = words.map(([text]) => text);
    this.ids = Int32Array.from(words, ([, id]) => id);
    this.#byId = new Map(words.map(([text, id]) => [id, text]));
  }

  /** What a token adds to a text; nothing for one that is not among these. */
  textOf(id: number): ByteText {
    return this.#byId.get(id) ?? '';
  }

  /** The end of those from `first` on, up to `last`, whose byte at `depth` is that of the first. */
  endOf(first: number, last: number, depth: number): number {
    const byte = this.texts[first]!.charCodeAt(depth);
    let low = first + 1;
    let high = last;
    for (let middle = low; low < high; middle = (low + high) >> 1) {
      if (this.texts[middle]!.charCodeAt(depth) === byte)
        low = middle + 1; // most stretches are of one token, so the next is asked first
      else high = middle;
    }
    return low;
  }

  /** The fewest tokens that a text can be written in; infinity where it cannot. */
  fewest(text: ByteText): number {
    for (let from = text.length; from >= 0; from -= 1) {
      const rest = text.slice(from);
      if (!this.#fewest.has(rest)) this.#fewest.set(rest, this.#count(rest));
    }
    return this.#fewest.get(text)!;
  }

  /** What remains of the text behind any first token has been counted before. */
  #count(text: ByteText): number {
    if (text === '') return 0;
    let best = Infinity;
    let [first, last] = [0, this.texts.length];
    for (let depth = 0; depth < text.length && first < last; depth += 1) {
      const byte = text.charCodeAt(depth);
      first = this.#lowest(first, last, depth, byte);
      last = this.#lowest(first, last, depth, byte + 1);
      if (first < last && this.texts[first]!.length === depth + 1) best = Math.min(best, 1 + this.#fewest.get(text.slice(depth + 1))!);
    }
    return best;
  }

  /** The first of some whose byte at `depth` is not below another; one that has no such byte comes before all. */
  #lowest(first: number, last: number, depth: number, byte: number): number {
    let [low, high] = [first, last];
    while (low < high) {
      const middle = (low + high) >> 1;
      const own = this.texts[middle]!.charCodeAt(depth);
      if (Number.isNaN(own) || own < byte) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

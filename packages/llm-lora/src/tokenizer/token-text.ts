import type { TokenIds, Tokenizer } from '@expctr/language-model';

/** What tokens are read with. */
type TokenReader = Pick<Tokenizer, 'tokenBytes' | 'wordSeparator'>;

/** The text of a continuation as its tokens come, whatever tokens a character's bytes are spread over. */
export class TokenText {
  readonly #tokenizer: TokenReader;
  readonly #utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  #begun = false;

  constructor(tokenizer: TokenReader) {
    this.#tokenizer = tokenizer;
  }

  /** @returns what the token adds, in whole characters */
  add(token: number): string {
    const text = this.#utf8.decode(this.#tokenizer.tokenBytes(token), { stream: true });
    const { wordSeparator = '' } = this.#tokenizer;
    const own = !this.#begun && text.startsWith(wordSeparator) ? text.slice(wordSeparator.length) : text;
    this.#begun ||= text !== '';
    return own;
  }

  /** @returns what stands for a character that was begun and has no end */
  end(): string {
    return this.#utf8.decode();
  }
}

/** The text of a continuation, as `Tokenizer.decodeText` gives it. */
export function textOfTokens(tokenizer: TokenReader, tokens: TokenIds): string {
  const text = new TokenText(tokenizer);
  return Array.from(tokens, (token) => text.add(token)).join('') + text.end();
}

import { asBytes, textBytes } from './byte-text.js';

/** Looks for stop strings in a text that comes as tokens, whatever tokens one is spread over. */
export class StopStrings {
  readonly #strings: readonly string[];
  readonly #longest: number;
  /** The end of the text, as long as the beginning of a stop string can be. */
  #tail = '';

  /** @param strings none of them empty */
  constructor(strings: readonly string[]) {
    this.#strings = strings.map(textBytes);
    this.#longest = Math.max(...this.#strings.map(({ length }) => length));
  }

  /** Whether the text contains one now that it goes on with these bytes. */
  add(bytes: Uint8Array): boolean {
    const text = this.#tail + asBytes(bytes);
    if (this.#strings.some((each) => text.includes(each))) return true;
    this.#tail = this.#longest === 1 ? '' : text.slice(1 - this.#longest);
    return false;
  }
}

/**
 * A completion's text up to the first of the stop strings, without it: what the token that completes one has behind it is cut off, too.
 * @param text of the whole completion
 */
export function cutAtStop(text: string, stopStrings: readonly string[] = []): string {
  const places = stopStrings.map((each) => text.indexOf(each)).filter((at) => at >= 0);
  return places.length === 0 ? text : text.slice(0, Math.min(...places));
}

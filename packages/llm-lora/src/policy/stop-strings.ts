/** Looks for stop strings in a text that comes in pieces, whatever pieces one is spread over. */
export class StopStrings {
  readonly #strings: readonly string[];
  /** Longer than the beginning of a stop string can be. */
  readonly #kept: number;
  #end = '';

  /** @param strings none of them empty */
  constructor(strings: readonly string[]) {
    this.#strings = strings;
    this.#kept = Math.max(...strings.map(({ length }) => length));
  }

  /** Whether the text contains one now that it goes on with this piece. */
  add(piece: string): boolean {
    this.#end = this.#end.slice(-this.#kept) + piece;
    return this.#strings.some((each) => this.#end.includes(each));
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

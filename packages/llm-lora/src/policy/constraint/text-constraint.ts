import type { NextTokens, TokenConstraint } from '@expctr/language-model';
import type { Place } from './place.js';
import type { SortedTokens } from './sorted-tokens.js';

/** Where a text is. */
export interface TextState {
  readonly place: Place;
  /** Characters that may still come in the string that the place is in; infinity outside of strings. */
  readonly room: number;
}

/** The tokens that may come at a place, however long its string is already, and however many tokens are left. */
interface Ways {
  readonly tokens: Int32Array;
  /** Characters that each adds to the string that the place is in. */
  readonly characters: Uint32Array;
  /** Tokens of the shortest way to an end behind each. */
  readonly rest: Uint32Array;
  readonly mostCharacters: number;
  readonly mostRest: number;
}

/** Where a token has come to while it is looked at byte by byte. */
interface Visit extends TextState {
  /** Whether it is still in the string in which it began. */
  readonly within: boolean;
  /** Characters that it has added to that string. */
  readonly characters: number;
}

/**
 * Texts that places allow, as a rule over tokens. What may come at a place is found once, by going through all tokens in the order of
 * their bytes, each common beginning once; then only two lengths are compared: that of the string, and that of the shortest way to an
 * end, which has to fit into the tokens that are left. So every completion is whole.
 */
export class TextConstraint implements TokenConstraint<TextState> {
  readonly start: TextState;
  readonly #tokens: SortedTokens;
  readonly #ways = new Map<Place, Ways>();
  readonly #rest = new Map<Place, number>();

  constructor(start: Place, tokens: SortedTokens) {
    this.start = { place: start, room: Infinity };
    this.#tokens = tokens;
  }

  /** The fewest tokens of a text; infinity where the vocabulary cannot write the shortest one. */
  get fewest(): number {
    return this.#restOf(this.start.place);
  }

  next({ place, room }: TextState, left: number): NextTokens {
    const ways = this.#ways.get(place) ?? this.#find(place);
    this.#ways.set(place, ways);
    const { tokens, characters, rest, mostCharacters, mostRest } = ways;
    if (mostCharacters <= room && mostRest < left) return { tokens, mayEnd: place.ends };
    const fitting = new Int32Array(tokens.length);
    let count = 0;
    for (let at = 0; at < tokens.length; at += 1) {
      if (characters[at]! <= room && rest[at]! < left) fitting[count++] = tokens[at]!;
    }
    return { tokens: fitting.subarray(0, count), mayEnd: place.ends };
  }

  after({ place, room }: TextState, token: number): TextState {
    const text = this.#tokens.textOf(token); // the stop token has none
    for (let at = 0; at < text.length; at += 1) {
      const next = place.step(text.charCodeAt(at))!; // `next` gave the token
      room = roomAfter(place, next, room);
      place = next;
    }
    return { place, room };
  }

  #find(place: Place): Ways {
    const found: { token: number; characters: number; rest: number }[] = [];
    this.#visit(0, this.#tokens.texts.length, 0, { place, room: Infinity, within: place.inString !== undefined, characters: 0 }, found);
    const mostOf = (values: Uint32Array): number => values.reduce((most, value) => Math.max(most, value), 0);
    const characters = Uint32Array.from(found, (each) => each.characters);
    const rest = Uint32Array.from(found, (each) => each.rest);
    const tokens = Int32Array.from(found, ({ token }) => token);
    return { tokens, characters, rest, mostCharacters: mostOf(characters), mostRest: mostOf(rest) };
  }

  /** All tokens of a stretch that have the same first `depth` bytes, after which `now` is where they are. */
  #visit(first: number, last: number, depth: number, now: Visit, found: { token: number; characters: number; rest: number }[]): void {
    const { texts, ids } = this.#tokens;
    let at = first;
    for (; at < last && texts[at]!.length === depth; at += 1) {
      const rest = this.#restOf(now.place);
      if (rest !== Infinity) found.push({ token: ids[at]!, characters: now.characters, rest });
    }
    while (at < last) {
      const end = this.#tokens.endOf(at, last, depth);
      const place = now.place.step(texts[at]!.charCodeAt(depth));
      const next = place === null ? null : moved(now, place);
      if (next !== null) this.#visit(at, end, depth + 1, next, found);
      at = end;
    }
  }

  #restOf(place: Place): number {
    const rest = this.#rest.get(place) ?? this.#tokens.fewest(place.shortest);
    this.#rest.set(place, rest);
    return rest;
  }
}

/** Whether a character of a string begins between two places. */
const beginsCharacter = (from: Place, to: Place): boolean => from.inString?.between === true && to.inString !== undefined;

function roomAfter(from: Place, to: Place, room: number): number {
  if (to.inString === undefined) return Infinity;
  if (from.inString === undefined) return to.inString.maxLength;
  return beginsCharacter(from, to) ? room - 1 : room;
}

/** One byte on; null where a string that the token itself began would get too long. */
function moved({ place: from, room, within, characters }: Visit, place: Place): Visit | null {
  const still = within && place.inString !== undefined;
  const next = roomAfter(from, place, room);
  return next < 0
    ? null
    : { place, room: next, within: still, characters: still && beginsCharacter(from, place) ? characters + 1 : characters };
}

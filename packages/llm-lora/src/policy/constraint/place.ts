import type { ByteText } from '../byte-text.js';

/** How a {@link Place} is made. */
export interface PlaceForm {
  /** The place after one more byte; null where none may be. */
  readonly step: (byte: number) => Place | null;
  /**
   * The shortest text that ends from here. It is one way on: from each place on it, what is left of it is the shortest text again, so that
   * whoever keeps to it arrives in as many tokens as were counted at its beginning.
   */
  readonly shortest: () => ByteText;
  /** Whether the text may end here. */
  readonly ends: boolean;
  /** Of places in a string whose length is bounded. */
  readonly inString?: StringPlace;
}

/** What a place in a string has that others lack. */
export interface StringPlace {
  /** Characters that the string may have. How many it has is kept beside the place: it is the same one for all lengths. */
  readonly maxLength: number;
  /** Between two characters, and not within one. */
  readonly between: boolean;
}

/** A place in the texts that a constraint allows: what may come next, byte by byte. Places on the same ways are the same objects. */
export class Place {
  readonly ends: boolean;
  readonly inString: StringPlace | undefined;
  readonly #form: PlaceForm;
  /** By byte. */
  readonly #after: (Place | null | undefined)[] = [];
  #shortest: ByteText | undefined;

  constructor(form: PlaceForm) {
    this.#form = form;
    this.ends = form.ends;
    this.inString = form.inString;
  }

  step(byte: number): Place | null {
    return (this.#after[byte] ??= this.#form.step(byte));
  }

  get shortest(): ByteText {
    return (this.#shortest ??= this.#form.shortest());
  }
}

/** Texts of some kind before whatever comes then. */
export type Machine = (then: Place) => Place;

/** Behind the end: nothing. */
export const END = new Place({ step: () => null, shortest: () => '', ends: true });

/** One of some texts, and then `then`. @param texts at least one; an empty one means that `then` may come at once */
export function oneOf(texts: readonly ByteText[], then: Place): Place {
  const first = texts.reduce((shortest, text) => (text.length < shortest.length ? text : shortest));
  if (texts.every((text) => text === '')) return then;
  return new Place({
    step(byte) {
      const rest = texts.filter((text) => text.charCodeAt(0) === byte).map((text) => text.slice(1)); // NaN for the empty text
      if (rest.length > 0) return oneOf(rest, then);
      return first === '' ? then.step(byte) : null;
    },
    shortest: () => first + then.shortest,
    ends: first === '' && then.ends,
  });
}

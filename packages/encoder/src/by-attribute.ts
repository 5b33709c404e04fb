import type { EncodeOptions, Encoder } from './encoder.js';

/** An explanation and the attributes of the item that it is about. */
export interface AttributedText {
  /** The explanation. */
  readonly text: string;
  /** Values by attribute: `{ genres: ['Comedy', 'Drama'] }`. */
  readonly attributes: Readonly<Record<string, readonly string[]>>;
}

/** Encodes explanations whole and attribute by attribute. */
export interface AttributeEncoder {
  /** (1 + number of attributes) times the encoder's. */
  readonly dimension: number;
  /** Vectors in the order of `texts`: float32 [n, dimension], row major: the text, then what it says of each attribute. */
  encode(texts: readonly AttributedText[], options?: EncodeOptions): Promise<Float32Array>;
}

/** Stands in a sentence for the value that it is about. */
const PLACEHOLDER = 'it';

/**
 * A sentence encoder that keeps apart what an explanation says of each attribute of its item. One vector of a whole text is a sum over
 * its sentences, in which a model hardly finds how the genre is spoken of; here what is said of the genre has a place of its own, the
 * same for every genre, so that a model learns from few rows how much a word about a genre, or about an author, counts.
 *
 * A sentence speaks of an attribute where it holds one of the item's values, as a word, in any case; that value is written as `it`.
 * Where nothing is said of an attribute its part is zero.
 * @param names attributes in the order of their parts
 */
export function attributeEncoder(encoder: Pick<Encoder, 'dimension' | 'encode'>, names: readonly string[]): AttributeEncoder {
  const width = encoder.dimension;
  const dimension = width * (1 + names.length);
  return {
    dimension,
    async encode(texts, options) {
      const parts = texts.map(({ text, attributes }) => [text, ...names.map((name) => saidOf(text, attributes[name] ?? []))]);
      const places = new Map<string, number>();
      for (const part of parts.flat()) if (part !== '' && !places.has(part)) places.set(part, places.size);
      const { onTruncated, ...rest } = options ?? {};
      const cut = new Set<number>();
      const distinct = await encoder.encode([...places.keys()], { ...rest, onTruncated: (index) => cut.add(index) });
      const vectors = new Float32Array(texts.length * dimension);
      parts.forEach((row, at) => {
        row.forEach((part, block) => {
          const place = places.get(part);
          if (place === undefined) return;
          vectors.set(distinct.subarray(place * width, (place + 1) * width), at * dimension + block * width);
          if (block === 0 && cut.has(place)) onTruncated?.(at);
        });
      });
      return vectors;
    },
  };
}

/** The sentences that name one of the values, which becomes `it`; empty where none does. */
export function saidOf(text: string, values: readonly string[]): string {
  const named = values.filter((value) => value.trim() !== '').sort((a, b) => b.length - a.length); // `dark comedy` before `comedy`
  if (named.length === 0) return '';
  const value = new RegExp(`(?<![\\p{L}\\p{N}])(?:${named.map(escape).join('|')})(?![\\p{L}\\p{N}])`, 'giu');
  return sentencesOf(text)
    .filter((sentence) => sentence.search(value) >= 0)
    .map((sentence) => sentence.replace(value, PLACEHOLDER))
    .join(' ');
}

const sentencesOf = (text: string): string[] => (text.match(/[^.!?;]+[.!?;]*/gu) ?? []).map((sentence) => sentence.trim());
const escape = (literal: string): string => literal.replace(/[.*+?^${}()|[\]\\]/gu, '\\$&');

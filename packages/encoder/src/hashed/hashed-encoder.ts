import { checkOptions, murmurhash3, type OptionKeys } from '@expctr/core';
import type { Encoder } from '../encoder.js';
import { EncoderOptionError } from '../errors.js';
import { normalizeInPlace } from '../normalize.js';

/** Options of {@link createHashedEncoder}. */
export interface HashedEncoderOptions {
  /** Size of a vector. Default 256. */
  readonly dimension?: number;
  /** Longest run of words that counts as one feature: 1 (default) is a bag of words, 2 adds pairs of neighbors. */
  readonly ngrams?: number;
  /** Seed of the hash function, an unsigned 32-bit integer. Default 0. */
  readonly seed?: number;
}

/** A run of letters, combining marks and digits of any script is a word. */
const WORD = /[\p{L}\p{M}\p{N}]+/gu;

const CREATE_HASHED_ENCODER_OPTIONS: OptionKeys<HashedEncoderOptions> = { dimension: true, ngrams: true, seed: true };

/**
 * A bag of words in a fixed number of dimensions, without a model, a vocabulary or a download: every word (lower case, NFC)
 * adds +1 or -1 to the dimension that its hash names, and the counts are scaled to length 1. A text without words gives the
 * zero vector. The same texts give the same vectors everywhere and always.
 *
 * Source: Weinberger et al. 2009, "Feature Hashing for Large Scale Multitask Learning"; index and sign are taken from
 * MurmurHash3 as scikit-learn's `HashingVectorizer(norm='l2')` does. Its own words are others: it leaves out those of one letter
 * ("I", and every lone ideograph), ends a word at a combining mark, takes the underscore for a letter and does not normalize.
 *
 * @throws EncoderOptionError `ENCODER_OPTION` for a dimension, n-gram length or seed that makes no sense.
 */
export function createHashedEncoder(options: HashedEncoderOptions = {}): Encoder {
  checkOptions('createHashedEncoder', options, CREATE_HASHED_ENCODER_OPTIONS);
  const { dimension = 256, ngrams = 1, seed = 0 } = options;
  requireInteger('encoder.dimension', dimension, 1, 0x7fffffff);
  requireInteger('encoder.ngrams', ngrams, 1, 16);
  requireInteger('encoder.seed', seed, 0, 0xffffffff);

  /** Slot and sign of a feature in one number: slot for +1, -1 - slot for -1. */
  const known = new Map<string, number>();
  function slotOf(feature: string): number {
    let slot = known.get(feature);
    if (slot === undefined) {
      const hash = murmurhash3(feature, seed);
      slot = hash >= 0 ? hash % dimension : -1 - (Math.abs(hash) % dimension);
      if (known.size >= MAX_KNOWN) known.clear();
      known.set(feature, slot);
    }
    return slot;
  }

  function addTo(vectors: Float32Array, start: number, text: string): void {
    const words: readonly string[] = text.normalize('NFC').toLowerCase().match(WORD) ?? [];
    for (let length = 1; length <= ngrams; length += 1) {
      for (let at = 0; at + length <= words.length; at += 1) {
        const slot = slotOf(length === 1 ? words[at]! : words.slice(at, at + length).join(' '));
        if (slot >= 0) vectors[start + slot] = vectors[start + slot]! + 1;
        else vectors[start - 1 - slot] = vectors[start - 1 - slot]! - 1;
      }
    }
  }

  const settings = `${ngrams === 1 ? '' : `,ngrams=${ngrams}`}${seed === 0 ? '' : `,seed=${seed}`}`;
  const name = `hashed:${dimension}${settings}`;
  return {
    name,
    identity: name,
    dimension,
    normalized: true,
    truncated: 0,
    encode(texts, { onProgress } = {}) {
      const vectors = new Float32Array(texts.length * dimension);
      texts.forEach((text, row) => {
        addTo(vectors, row * dimension, text);
        normalizeInPlace(vectors, row * dimension, dimension);
      });
      onProgress?.(texts.length, texts.length);
      return Promise.resolve(vectors);
    },
  };
}

/** Remembered hashes: enough for any vocabulary, bounded for endless streams of n-grams. */
const MAX_KNOWN = 1_000_000;

function requireInteger(option: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new EncoderOptionError('ENCODER_OPTION', `${option} is ${String(value)}`, { expected: `an integer from ${low} to ${high}` });
}

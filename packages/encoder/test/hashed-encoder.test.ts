import { murmurhash3 } from '@expctr/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createHashedEncoder, EncoderOptionError } from '../src/index.js';
import { fixture, largestDifference } from './support.js';

interface HashedFixture {
  readonly texts: string[];
  readonly cases: { dimension: number; ngrams: number; entries: [number, number][][] }[];
  /** As HashingVectorizer does it where it is told nothing, 64 dimensions. */
  readonly own: { text: string; entries: [number, number][] }[];
  readonly hashes: [text: string, seed: number, hash: number][];
}
const expected = await fixture<HashedFixture>('hashed.json');

/** Any code points, surrogates among them. */
const anyText = fc.array(fc.integer({ min: 0, max: 0x10ffff }), { maxLength: 20 }).map((points) => String.fromCodePoint(...points));

test.each(expected.hashes)('the hash of %j with seed %i is the reference implementation’s', (text, seed, hash) => {
  expect(murmurhash3(text, seed)).toBe(hash);
});

function denseOf(entries: readonly [number, number][], dimension: number): Float32Array {
  const dense = new Float32Array(dimension);
  for (const [slot, value] of entries) dense[slot] = value;
  return dense;
}

test.each(expected.cases)(
  'vectors equal those of scikit-learn’s HashingVectorizer with our words: d $dimension, n-grams to $ngrams',
  async ({ dimension, ngrams, entries: rows }) => {
    const vectors = await createHashedEncoder({ dimension, ngrams }).encode(expected.texts);
    rows.forEach((entries, row) => {
      const vector = vectors.subarray(row * dimension, (row + 1) * dimension);
      expect(largestDifference(vector, denseOf(entries, dimension)), expected.texts[row]).toBeLessThan(1e-6);
    });
  },
);

test.each(expected.own)('its own words lack those of one letter, which count here: $text', async ({ text, entries }) => {
  const encoder = createHashedEncoder({ dimension: 64 });
  const theirs = denseOf(entries, 64);
  const longer = text.replaceAll(/\b\w\b/g, '');
  expect(largestDifference(await encoder.encode([longer]), theirs)).toBeLessThan(1e-6);
  if (longer !== text) expect(largestDifference(await encoder.encode([text]), theirs)).toBeGreaterThan(0.1);
});

test('every vector has length 1, or is zero where a text has no words', async () => {
  const encoder = createHashedEncoder({ dimension: 32 });
  await fc.assert(
    fc.asyncProperty(fc.array(anyText, { maxLength: 5 }), async (texts) => {
      const vectors = await encoder.encode(texts);
      expect(vectors.length).toBe(texts.length * 32);
      texts.forEach((_, row) => {
        const length = Math.hypot(...vectors.subarray(row * 32, (row + 1) * 32));
        expect(length === 0 || Math.abs(length - 1) < 1e-6).toBe(true);
      });
    }),
  );
});

test('order of words and case do not matter, the words do', async () => {
  const vectors = await createHashedEncoder().encode(['slow sad film', 'Film, SAD slow!', 'slow happy film']);
  expect(vectors.subarray(0, 256)).toEqual(vectors.subarray(256, 512));
  expect(vectors.subarray(0, 256)).not.toEqual(vectors.subarray(512));
});

test('another seed is another encoder, and its name says so', async () => {
  const [a, b] = [createHashedEncoder({ dimension: 64 }), createHashedEncoder({ dimension: 64, seed: 3, ngrams: 2 })];
  expect([a.name, b.name]).toEqual(['hashed:64', 'hashed:64,ngrams=2,seed=3']);
  expect(await a.encode(['slow sad film'])).not.toEqual(await b.encode(['slow sad film']));
});

test.each([[{ dimension: 0 }], [{ dimension: 2.5 }], [{ ngrams: 0 }], [{ seed: -1 }]])('%j is refused by name', (options) => {
  expect(() => createHashedEncoder(options)).toThrow(EncoderOptionError);
  expect(() => createHashedEncoder(options)).toThrow(`encoder.${Object.keys(options)[0]}`);
});

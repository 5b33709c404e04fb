import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createHashedEncoder, EncoderOptionError } from '../src/index.js';
import { murmurhash3 } from '../src/hashed/murmurhash3.js';
import { fixture, largestDifference } from './support.js';

interface HashedFixture {
  readonly texts: string[];
  readonly cases: { dimension: number; ngrams: number; entries: [number, number][][] }[];
  readonly hashes: [text: string, seed: number, hash: number][];
}
const expected = await fixture<HashedFixture>('hashed.json');

/** Any code points, surrogates among them. */
const anyText = fc.array(fc.integer({ min: 0, max: 0x10ffff }), { maxLength: 20 }).map((points) => String.fromCodePoint(...points));

test.each(expected.hashes)('the hash of %j with seed %i is the reference implementation’s', (text, seed, hash) => {
  expect(murmurhash3(text, seed)).toBe(hash);
});

test.each(expected.cases)('vectors equal those of scikit-learn’s HashingVectorizer: d $dimension, n-grams to $ngrams', async (options) => {
  const vectors = await createHashedEncoder(options).encode(expected.texts);
  options.entries.forEach((entries, row) => {
    const dense = new Float32Array(options.dimension);
    for (const [slot, value] of entries) dense[slot] = value;
    expect(largestDifference(vectors.subarray(row * options.dimension, (row + 1) * options.dimension), dense)).toBeLessThan(1e-6);
  });
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

import { modelAsset } from '@expctr/test-support';
import { env } from '@huggingface/transformers';
import { expect, test } from 'vitest';
import { createTransformersEncoder } from '../src/index.js';
import { cosine, fixture, largestDifference } from './support.js';

interface MiniLmFixture {
  readonly texts: string[];
  readonly tokens: number[];
  readonly maxTokens: number;
  readonly dimension: number;
  readonly vectors: string;
}
const asset = modelAsset('all-MiniLM-L6-v2');
const skipped = asset.missing ? ` (skipped: ${asset.missing})` : '';
const expected = await fixture<MiniLmFixture>('minilm.json');
const D = expected.dimension;
const bytes = Buffer.from(expected.vectors, 'base64');
const reference = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const row = (vectors: Float32Array, at: number): Float32Array => vectors.subarray(at * D, (at + 1) * D);

test.skipIf(asset.missing)(`MiniLM’s vectors equal those of sentence-transformers${skipped}`, { timeout: 60_000 }, async () => {
  env.fetch = () => Promise.reject(new Error('no network in this test'));
  const encoder = await createTransformersEncoder(asset.path);
  expect([encoder.name, encoder.dimension, encoder.normalized]).toEqual(['all-MiniLM-L6-v2', 384, true]);
  const cut: number[] = [];
  const vectors = await encoder.encode(expected.texts, { onTruncated: (at) => cut.push(at) });
  expect(cut).toEqual(expected.tokens.flatMap((tokens, at) => (tokens > expected.maxTokens ? at : [])));
  expected.texts.forEach((_, at) => {
    expect(cosine(row(vectors, at), row(reference, at))).toBeGreaterThan(0.9999);
    expect(largestDifference(row(vectors, at), row(reference, at))).toBeLessThan(2e-3);
    expect(Math.hypot(...row(vectors, at))).toBeCloseTo(1, 6);
  });
  const backwards = await encoder.encode([...expected.texts].reverse());
  expected.texts.forEach((_, at) => {
    expect(largestDifference(row(backwards, expected.texts.length - 1 - at), row(vectors, at))).toBeLessThan(1e-5);
  });
  await encoder.dispose?.();
});

test.skipIf(asset.missing)(
  `int8 vectors stay close to float32’s and do not depend on their neighbors${skipped}`,
  { timeout: 60_000 },
  async () => {
    const encoder = await createTransformersEncoder(asset.path, { dtype: 'q8' });
    const texts = expected.texts.slice(0, 6);
    const vectors = await encoder.encode(texts);
    texts.forEach((_, at) => expect(cosine(row(vectors, at), row(reference, at))).toBeGreaterThan(0.95));
    expect(await encoder.encode([texts[2]!])).toEqual(row(vectors, 2).slice());
    await encoder.dispose?.();
  },
);

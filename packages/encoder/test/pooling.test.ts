import { expect, test } from 'vitest';
import { normalizeInPlace } from '../src/normalize.js';
import { poolings, type PoolingMode } from '../src/transformers/pooling.js';
import { fixture, largestDifference } from './support.js';

interface PoolingFixture {
  readonly tokens: number;
  readonly width: number;
  readonly lengths: number[];
  readonly states: number[];
  readonly cases: { modes: PoolingMode[]; pooled: number[]; normalized: number[] }[];
}
const { tokens, width, lengths, states, cases } = await fixture<PoolingFixture>('pooling.json');

test.each(cases)('pooling by $modes equals sentence-transformers’, before and after normalization', ({ modes, pooled, normalized }) => {
  const dimension = width * modes.length;
  const vectors = new Float32Array(lengths.length * dimension);
  lengths.forEach((length, row) => {
    const text = { data: Float32Array.from(states), start: row * tokens * width, tokens: length, width };
    modes.forEach((mode, part) => poolings[mode](text, vectors, row * dimension + part * width));
  });
  expect(largestDifference(vectors, pooled)).toBeLessThan(1e-6);
  lengths.forEach((_, row) => normalizeInPlace(vectors, row * dimension, dimension));
  expect(largestDifference(vectors, normalized)).toBeLessThan(1e-6);
});

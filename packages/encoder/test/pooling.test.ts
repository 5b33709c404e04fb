import { expect, test } from 'vitest';
import { normalizeInPlace } from '../src/normalize.js';
import { poolings, type PoolingMode } from '../src/transformers/pooling.js';
import { fixture, largestDifference } from './support.js';

interface PoolingFixture {
  readonly tokens: number;
  readonly width: number;
  readonly lengths: number[];
  readonly states: number[];
  readonly cases: { modes: PoolingMode[]; skipped: number; rows: number[]; pooled: number[]; normalized: number[] }[];
}
const { tokens, width, lengths, states, cases } = await fixture<PoolingFixture>('pooling.json');

test.each(cases)(
  'pooling by $modes behind $skipped tokens of a prompt equals sentence-transformers’, before and after normalization',
  ({ modes, skipped, rows, pooled, normalized }) => {
    const dimension = width * modes.length;
    const vectors = new Float32Array(rows.length * dimension);
    rows.forEach((row, at) => {
      const text = { data: Float32Array.from(states), start: row * tokens * width, tokens: lengths[row]!, skipped, width };
      modes.forEach((mode, part) => poolings[mode](text, vectors, at * dimension + part * width));
    });
    expect(largestDifference(vectors, pooled)).toBeLessThan(1e-6);
    rows.forEach((_, at) => normalizeInPlace(vectors, at * dimension, dimension));
    expect(largestDifference(vectors, normalized)).toBeLessThan(1e-6);
  },
);

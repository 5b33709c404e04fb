import { createRng } from '@expctr/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseToken } from '../../src/policy/sampling.js';

const p = Float32Array.of(0.1, 0.4, 0, 0.3, 0.2);
const plain = { greedy: false };

describe('chooseToken', () => {
  test('it inverts the cumulative distribution', () => {
    const at = (uniform: number): number => chooseToken(p, plain, uniform);
    expect([0, 0.05, 0.11, 0.49, 0.51, 0.79, 0.81, 0.999999].map(at)).toEqual([0, 0, 1, 1, 3, 3, 4, 4]);
  });

  test('greedy takes the first of the most probable', () => {
    expect(chooseToken(Float32Array.of(0.2, 0.4, 0.4), { greedy: true }, 0.99)).toBe(1);
  });

  test('topK keeps the k most probable and renormalizes', () => {
    const seen = [0.01, 0.5, 0.6, 0.99].map((uniform) => chooseToken(p, { ...plain, topK: 2 }, uniform));
    expect(seen).toEqual([1, 1, 3, 3]);
  });

  test('topP keeps the smallest set with that mass, the token that reaches it included', () => {
    const support = (topP: number): number[] => [
      ...new Set(Array.from({ length: 1000 }, (_, i) => chooseToken(p, { ...plain, topP }, i / 1000))),
    ];
    expect(support(0.3)).toEqual([1]);
    expect(support(0.41)).toEqual([1, 3]);
    expect(support(0.75)).toEqual([1, 3, 4]);
    expect(support(1)).toEqual([0, 1, 3, 4]);
  });

  test('topP applies to what topK has left', () => {
    // of the three most probable, 0.4 / 0.9 reaches 0.44 alone
    const seen = new Set(Array.from({ length: 100 }, (_, i) => chooseToken(p, { ...plain, topK: 3, topP: 0.44 }, i / 100)));
    expect([...seen]).toEqual([1]);
  });

  test('a token of probability 0 never comes, whatever the rounding', () => {
    const distribution = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 12 }).filter((a) => a.some((x) => x > 0));
    fc.assert(
      fc.property(distribution, fc.double({ min: 0, max: 0.9999999999999999, noNaN: true }), (counts, uniform) => {
        const total = counts.reduce((a, b) => a + b, 0);
        const probabilities = Float32Array.from(counts, (count) => count / total);
        for (const choice of [plain, { ...plain, topK: 3 }, { ...plain, topP: 0.9 }]) {
          expect(probabilities[chooseToken(probabilities, choice, uniform)]).toBeGreaterThan(0);
        }
      }),
    );
  });

  test('frequencies are the probabilities', () => {
    const rng = createRng(1);
    const counts = new Array<number>(5).fill(0);
    for (let i = 0; i < 20_000; i += 1) counts[chooseToken(p, plain, rng.next())]! += 1;
    counts.forEach((count, token) => expect(Math.abs(count / 20_000 - p[token]!)).toBeLessThan(0.015));
  });
});

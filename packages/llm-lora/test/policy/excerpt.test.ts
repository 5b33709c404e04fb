import { createRng } from '@expctr/core';
import { compile, spec } from '@expctr/tfjs-backend-onnx';
import type * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chooseFromExcerpt, excerpts, excerptUniforms } from '../../src/policy/excerpt.js';
import { chooseToken } from '../../src/policy/sampling.js';
import { useBackend } from '../model/oracle.js';

const VOCABULARY = 700; // two excerpts and a part of a third
const ROWS = 3;
const shape = [ROWS, VOCABULARY];

const compiled = async () => {
  await useBackend('onnx');
  return {
    drawn: await compile((p: tf.Tensor, uniforms: tf.Tensor) => excerpts(p as tf.Tensor2D, uniforms), [spec(shape), spec([ROWS])]),
    likeliest: await compile((p: tf.Tensor) => excerpts(p as tf.Tensor2D, null), [spec(shape)]),
  };
};
let programs: Awaited<ReturnType<typeof compiled>>;
beforeAll(async () => (programs = await compiled()));
afterAll(() => Promise.all([programs.drawn.dispose(), programs.likeliest.dispose()]));

/** Distributions of few tokens, many of them equal, some of them in no excerpt but one. */
const distribution = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.nat()).map(([many, seed]) => {
  const rng = createRng([seed]);
  const p = new Float32Array(VOCABULARY);
  for (let i = 0; i < many; i += 1) p[rng.int(VOCABULARY)]! += 1 + rng.int(3);
  const total = p.reduce((sum, value) => sum + value, 0);
  return p.map((value) => value / total);
});
const three = fc.tuple(distribution, distribution, distribution);
const flat = (p: readonly Float32Array[]): Float32Array => Float32Array.from(p.flatMap((row) => [...row]));
const rowsOf = ({ data, shape: [, width = 0] }: { data: ArrayLike<number>; shape: readonly number[] }): Float32Array[] =>
  Array.from({ length: ROWS }, (_, row) => (data as Float32Array).subarray(row * width, (row + 1) * width));

test('a number draws the token that it draws from the whole distribution', async () => {
  const number = fc.double({ min: 0, max: 1 - 2 ** -53, noNaN: true });
  await fc.assert(
    fc.asyncProperty(three, fc.tuple(number, number, number), async (p, uniforms) => {
      const result = await programs.drawn.run([flat(p), excerptUniforms(uniforms)]);
      rowsOf(result).forEach((excerpt, row) => {
        const { token, probability, total } = chooseFromExcerpt(excerpt, uniforms[row]!);
        expect(probability).toBe(p[row]![token]);
        expect(probability).toBeGreaterThan(0);
        expect(total).toBeCloseTo(1, 6);
        // on the edge of two tokens rounding decides
        const near = [-1e-6, 0, 1e-6].map((by) =>
          chooseToken(p[row]!, { greedy: false }, Math.max(0, Math.min(uniforms[row]! + by, 1 - 2 ** -53))),
        );
        expect(near).toContain(token);
      });
    }),
    { numRuns: 200, seed: 1 },
  );
});

test('the most probable token is the first of them', async () => {
  await fc.assert(
    fc.asyncProperty(three, async (p) => {
      const result = await programs.likeliest.run([flat(p)]);
      const tokens = rowsOf(result).map((excerpt) => chooseFromExcerpt(excerpt, null).token);
      expect(tokens).toEqual(p.map((row) => chooseToken(row, { greedy: true }, 0)));
    }),
    { numRuns: 100, seed: 2 },
  );
});

test('the total of what is not finite is not 1', async () => {
  const p = new Float32Array(ROWS * VOCABULARY).fill(1 / VOCABULARY);
  p[VOCABULARY + 600] = NaN;
  for (const result of [await programs.drawn.run([p, excerptUniforms([0.1, 0.1, 0.1])]), await programs.likeliest.run([p])]) {
    const totals = rowsOf(result).map((excerpt) => chooseFromExcerpt(excerpt, 0.1).total);
    expect(totals[0]).toBeCloseTo(1, 5);
    expect(totals[1]).toBeNaN();
  }
});

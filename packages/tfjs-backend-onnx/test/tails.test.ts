import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { compile, spec, useOnnx } from '../src/index.js';

beforeAll(() => useOnnx());

/** Both signs of magnitudes from 1e-30 to 80, tens of them in each decade. */
const points = Float32Array.from({ length: 1278 }, (_, k) => (k % 2 === 0 ? 1 : -1) * 10 ** (-30 + (k >> 1) / 20)).map((x) =>
  Math.abs(x) > 80 ? Math.sign(x) * 80 : x,
);
const SCALE = 1.0507009873554805;
const ALPHA = 1.6732632423543772;
const logistic = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const elu = (x: number): number => (x >= 0 ? x : Math.expm1(x));

/** Sigmoid and elu as tfjs's fused product applies them: of points [n, 1] times 1. */
const fused = (activation: 'sigmoid' | 'elu') => (x: tf.Tensor1D) =>
  tf.reshape(tf.fused.matMul({ a: tf.expandDims(x, 1), b: tf.ones([1, 1]), activation }), [-1]);

test.each<[string, (x: tf.Tensor1D) => tf.Tensor, (x: number) => number]>([
  ['sigmoid', tf.sigmoid, logistic],
  ['sigmoid of a fused product', fused('sigmoid'), logistic],
  ['elu', tf.elu, elu],
  ['elu of a fused product', fused('elu'), elu],
  ['selu', tf.selu, (x) => SCALE * (x >= 0 ? x : ALPHA * Math.expm1(x))],
  ['softplus', tf.softplus, (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))],
  ['logSigmoid', tf.logSigmoid, (x) => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)))],
  ['tanh', tf.tanh, Math.tanh],
  ['expm1', tf.expm1, Math.expm1],
])('%s is right to a few bits of its own size, far out and beside 0, and of NaN it is NaN', async (_, of, reference) => {
  const fn = await compile(of, [spec([points.length + 3])]);
  const { data } = await fn.run([Float32Array.from([...points, NaN, Infinity, -Infinity])]);
  await fn.dispose();
  const wrong = [...points].flatMap((x, k) => {
    const want = reference(x);
    return Math.abs(data[k]! - want) <= 6e-7 * Math.abs(want) ? [] : [{ x, got: data[k], want }];
  });
  expect(wrong).toEqual([]);
  const ends = [...data.slice(points.length)];
  expect(ends[0]).toBeNaN();
  [Infinity, -Infinity].forEach((x, k) => expect(ends[k + 1]).toBeCloseTo(reference(x), 5));
});

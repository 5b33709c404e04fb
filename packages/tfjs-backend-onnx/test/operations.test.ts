import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { compile, geluTanh, rotaryEmbedding, spec, swiGlu, useOnnx, valueAndGrad } from '../src/index.js';

beforeAll(() => useOnnx());

const points = Float32Array.from({ length: 801 }, (_, at) => (at - 400) / 20);
const gelu = (x: number): number => (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2;

test.each<[string, (x: tf.Tensor1D) => tf.Tensor1D, (x: number) => number]>([
  // up is 1 - gate / 50, whose slope is a part of the gradient
  ['swiGlu', (x) => swiGlu(x, tf.sub<tf.Tensor1D>(1, tf.div(x, 50))), (x) => (x / (1 + Math.exp(-x))) * (1 - x / 50)],
  ['geluTanh', geluTanh, gelu],
])('%s and its gradient are right to a few millionths, compiled and as they are called', async (_, of, reference) => {
  const weight = points.map((x) => 1 + x / 40);
  const loss = (x: tf.Tensor1D): tf.Scalar => tf.sum(tf.mul(of(x), weight));
  const both = (x: tf.Tensor1D): { y: tf.Tensor; slope: tf.Tensor } => ({ y: of(x), slope: valueAndGrad(loss)(x).grads });
  const compiled = await compile(both, [spec([points.length])]);
  const { y, slope } = await compiled.run([points]);
  await compiled.dispose();
  await tf.setBackend('cpu');
  const [eager, eagerSlope] = tf.tidy(() => [of(tf.tensor1d(points)).dataSync(), valueAndGrad(loss)(tf.tensor1d(points)).grads.dataSync()]);
  await useOnnx();
  points.forEach((x, at) => {
    const slopeThere = ((reference(x + 1e-5) - reference(x - 1e-5)) / 2e-5) * weight[at]!;
    for (const got of [y.data[at]!, eager[at]!]) expect(Math.abs(got - reference(x))).toBeLessThan(1e-6 + 2e-7 * Math.abs(x));
    for (const got of [slope.data[at]!, eagerSlope[at]!]) expect(Math.abs(got - slopeThere)).toBeLessThan(3e-6);
  });
});

describe('rotaryEmbedding', () => {
  const [batch, heads, time, width] = [2, 3, 5, 8];
  const x = Float32Array.from({ length: batch * heads * time * width }, (_, at) => Math.sin(1 + at * at));

  test.each([
    ['of each sequence', batch],
    ['of all', 1],
  ])('turns each pair by the angle of its place, and its gradient back: tables %s', async (_, rows) => {
    const angles = Array.from({ length: (rows * time * width) / 2 }, (__, at) => (at * 7) / 11);
    const tables = [angles.map((angle) => 2 * Math.cos(angle)), angles.map((angle) => 2 * Math.sin(angle))].map((each) =>
      Float32Array.from(each),
    ) as [Float32Array, Float32Array];
    const weight = x.map((value) => value * value - 0.3);
    const fn = (input: tf.Tensor4D, cos: tf.Tensor4D, sin: tf.Tensor4D): { y: tf.Tensor; back: tf.Tensor } => ({
      y: rotaryEmbedding(input, cos, sin),
      back: valueAndGrad((given: tf.Tensor4D) => tf.sum(tf.mul(rotaryEmbedding(given, cos, sin), tf.reshape(weight, given.shape))))(input)
        .grads,
    });
    const table = spec([rows, 1, time, width / 2]);
    const compiled = await compile(fn, [spec([batch, heads, time, width]), table, table]);
    const { y, back } = await compiled.run([x, ...tables]);
    await compiled.dispose();

    const half = width / 2;
    const expected = (values: Float32Array, sign: number): number[] =>
      [...values].map((own, at) => {
        const [sequence, place, i] = [Math.floor(at / (heads * time * width)), Math.floor(at / width) % time, at % width];
        const angle = angles[((sequence % rows) * time + place) * half + (i % half)]!;
        return 2 * (own * Math.cos(angle) + (i < half ? -sign : sign) * values[i < half ? at + half : at - half]! * Math.sin(angle));
      });
    const off = (got: ArrayLike<number>, want: number[]): number =>
      want.reduce((most, value, at) => Math.max(most, Math.abs(value - got[at]!)), 0);
    expect(off(y.data, expected(x, 1))).toBeLessThan(1e-6);
    expect(off(back.data, expected(weight, -1))).toBeLessThan(1e-6);
  });
});

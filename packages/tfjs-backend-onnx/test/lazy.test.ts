import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { useOnnx } from '../src/index.js';

beforeAll(useOnnx);

test('outside compile, values are computed when they are asked for', async () => {
  const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  const y = tf.matMul(x, x);
  expect(await y.array()).toEqual([
    [7, 10],
    [15, 22],
  ]);
  expect(
    await tf
      .grad((t: tf.Tensor) => tf.sum(tf.square(t)))(x)
      .data(),
  ).toEqual(Float32Array.of(2, 4, 6, 8));
  expect(await tf.greater(x, 2).data()).toEqual(Uint8Array.of(0, 0, 1, 1));
});

test('a value that was read once can be read synchronously', async () => {
  const y = tf.exp(tf.tensor1d([0]));
  expect(() => y.dataSync()).toThrow('await tensor.data()');
  await y.data();
  expect(y.dataSync()).toEqual(Float32Array.of(1));
});

test('constants are read synchronously', () => {
  expect(tf.tensor1d([1, 2]).arraySync()).toEqual([1, 2]);
  expect(tf.fill([2], 3).arraySync()).toEqual([3, 3]);
});

test('disposing frees what tfjs counts', async () => {
  const before = tf.memory();
  const x = tf.tensor1d([1, 2]);
  const y = tf.tidy(() => tf.exp(tf.mul(x, 2)));
  await y.data();
  tf.dispose([x, y]);
  expect(tf.memory().numTensors).toBe(before.numTensors);
  expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
});

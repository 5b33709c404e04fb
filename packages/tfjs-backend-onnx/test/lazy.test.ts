import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { useOnnx } from '../src/index.js';
import { liveNodes } from '../src/graph.js';
import * as lazySession from '../src/lazy-session.js';

vi.mock('../src/lazy-session.js', { spy: true });

beforeAll(() => useOnnx());
afterEach(() => vi.clearAllMocks());

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

test('values are read synchronously as well, in one turn of the event loop', () => {
  const x = tf.tensor1d([0, 1]);
  const y = tf.exp(x);
  expect(y.dataSync()).toEqual(Float32Array.of(1, Math.fround(Math.E)));
  expect(tf.mul(y, 2).dataSync()).toEqual(Float32Array.of(2, 2 * Math.fround(Math.E)));
});

test('programs that differ in their data only share a session', () => {
  const created = vi.spyOn(lazySession, 'createGraphRunner');
  const read = (a: number, b: number): number => tf.sum(tf.tanh(tf.tensor1d([a, b]))).dataSync()[0]!;
  expect(read(0, 1)).toBeCloseTo(Math.tanh(1));
  expect(read(2, 3)).toBeCloseTo(Math.tanh(2) + Math.tanh(3));
  expect(created).toHaveBeenCalledTimes(1);
});

test('a later program starts from what was read', () => {
  const x = tf.exp(tf.tensor1d([1, 2]));
  x.dataSync();
  const created = vi.spyOn(lazySession, 'createGraphRunner');
  tf.tanh(x).dataSync();
  tf.tanh(tf.tensor1d([5, 6])).dataSync();
  expect(created).toHaveBeenCalledTimes(1);
});

test('a loop that reads its loss, and never its parameters, does not compute its past again and again', () => {
  const w = tf.variable(tf.tensor1d([4, -2, 1]));
  let loss: number | undefined;
  for (let step = 1; step <= 300; step += 1) {
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(() => tf.sum<tf.Scalar>(tf.square(tf.sub(w, 1))), [w]);
      w.assign(tf.sub(w, tf.mul(Object.values(grads)[0]!, 0.01)));
      if (step % 20 === 0) loss = value.dataSync()[0];
    });
  }
  expect(loss).toBeCloseTo(18 * 0.98 ** (2 * 299), 5);
  const nodes = vi.mocked(lazySession.createGraphRunner).mock.calls.map(([graph]) => liveNodes(graph.outputs).length);
  expect(Math.max(...nodes)).toBeLessThan(1300);
  w.dispose();
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

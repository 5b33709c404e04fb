import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { useOnnx } from '../../src/index.js';
import { floats } from './kernel-case.js';

beforeAll(() => useOnnx());

type Run = (x: tf.Tensor4D) => tf.Tensor;

/** Linear operations whose gradient tfjs's cpu backend gets wrong, so that it cannot be the reference. */
const linear: Readonly<Record<string, Run>> = {
  'bilinear resizing with half pixels': (x) => tf.image.resizeBilinear(x, [7, 3], false, true),
  'bilinear resizing of a batch': (x) => tf.image.resizeBilinear(x, [3, 9], true),
  'resizing to the nearest element with half pixels': (x) => tf.image.resizeNearestNeighbor(x, [7, 3], false, true),
  'resizing of a batch to the nearest element': (x) => tf.image.resizeNearestNeighbor(x, [9, 2], true),
  'the mean of windows that reach over the edge': (x) => tf.avgPool(x, [2, 3], 1, 'same'),
  'the mean of windows with strides': (x) => tf.avgPool(x, 3, 2, 1, 'floor'),
  'the mean of windows of a volume': (x) => tf.avgPool3d<tf.Tensor5D>(tf.reshape(x, [2, 2, 2, 5, 3]), 2, 1, 'same'),
};

test.each(Object.entries(linear))('the gradient of %s is its adjoint', async (_name, run) => {
  const host = (shape: number[]): tf.Tensor => tf.tensor(floats(shape).data, shape);
  const x = host([2, 4, 5, 3]) as tf.Tensor4D;
  const y = run(x);
  const dy = host(y.shape);
  const dx = tf.grad(run as (t: tf.Tensor) => tf.Tensor)(x, dy);
  const [forward] = await tf.sum(tf.mul(y, dy)).data();
  const [backward] = await tf.sum(tf.mul(x, dx)).data();
  expect(Math.abs(forward!)).toBeGreaterThan(0.1);
  expect(backward).toBeCloseTo(forward!, 3);
});

import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { compile, spec, useOnnx, valueAndGrad } from '../src/index.js';

beforeAll(useOnnx);

test('a traced training step computes its loss and its gradients', async () => {
  const step = await compile(
    valueAndGrad((w: tf.Tensor2D, x: tf.Tensor2D) => tf.mean(tf.square(tf.matMul(x, w)))),
    [spec([2, 1]), spec([2, 2])],
    { name: 'step' },
  );
  const { value, grads } = await step.run([Float32Array.of(1, 2), Float32Array.of(1, 0, 0, 1)]);
  expect(value.data[0]).toBeCloseTo(2.5);
  expect([...grads.data]).toEqual([1, 2]);
  await step.dispose();
});

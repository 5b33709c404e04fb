import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { adam, applyUpdates, compile, constant, spec, valueAndGrad } from '../src/index.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test('with the cpu backend active a training step runs eagerly and leaks no tensor', async () => {
  const optimizer = adam({ learningRate: 0.1 });
  const loss = (p: { w: tf.Tensor2D; b: tf.Tensor1D }, x: tf.Tensor2D, y: tf.Tensor2D): tf.Tensor =>
    tf.mean(tf.square(tf.sub(tf.add(tf.matMul(x, p.w), p.b), y)));
  const params = { w: spec([2, 1]), b: spec([1]) };
  const state = [{ count: spec([]), first: params, second: params }, []] as const;
  const step = await compile(
    (p, s, x, y) => {
      const { value, grads } = valueAndGrad(loss)(p, x, y);
      const { updates, state: next } = optimizer.update(grads, s, p);
      return { value, params: applyUpdates(p, updates), next };
    },
    [
      params,
      state,
      spec([3, 2]),
      constant({ data: Float32Array.of(1, 2, 3), shape: [3, 1], dtype: 'float32' }) as never as ReturnType<typeof spec<[3, 1]>>,
    ],
  );
  expect(step.backend).toBe('cpu');
  const zero = { w: new Float32Array(2), b: new Float32Array(1) };
  const before = tf.memory().numTensors;
  const out = await step.run([
    zero,
    [{ count: new Float32Array(1), first: zero, second: zero }, []],
    Float32Array.of(1, 0, 0, 1, 1, 1),
    undefined as never,
  ]);
  expect(tf.memory().numTensors).toBe(before);
  expect(out.value.data[0]).toBeCloseTo(14 / 3);
  expect([...out.params.w.data].map((x) => +x.toFixed(4))).toEqual([0.1, 0.1]);
  await step.dispose();
});

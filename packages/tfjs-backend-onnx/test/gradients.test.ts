import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { compile, spec, stopGradient, useOnnx, valueAndGrad, valueAndGradWithAux } from '../src/index.js';

beforeAll(() => useOnnx());

type Params = { readonly a: tf.Tensor1D; readonly unused: tf.Tensor1D };
const params = { a: spec([3]), unused: spec([2]) };
const values = { a: Float32Array.of(1, -2, 3), unused: new Float32Array(2) };

describe.each(['onnx', 'cpu'])('on the %s backend', (backend) => {
  beforeAll(() => tf.setBackend(backend));

  test('gradients agree with finite differences, and are zero where the loss does not reach', async () => {
    const loss = (p: Params): tf.Scalar => tf.sum(tf.mul(tf.tanh(p.a), tf.square(p.a)));
    const fn = await compile(valueAndGrad(loss), [params]);
    const { grads } = await fn.run([values]);
    const at = (x: number): number => Math.tanh(x) * x * x;
    values.a.forEach((x, i) => expect(grads.a.data[i]).toBeCloseTo((at(x + 1e-4) - at(x - 1e-4)) / 2e-4, 4));
    expect([...grads.unused.data]).toEqual([0, 0]);
    await fn.dispose();
  });

  test('what else the function computes comes out beside the gradients', async () => {
    const fn = await compile(
      (p: Params) =>
        valueAndGradWithAux((q: Params) => {
          const squares = tf.square(q.a);
          return { loss: tf.sum(squares), aux: { squares, nested: [tf.neg(squares)] } };
        })(p),
      [params],
    );
    const before = tf.memory().numTensors;
    const { value, aux, grads } = await fn.run([values]);
    expect(tf.memory().numTensors).toBe(before);
    expect(value.data[0]).toBe(14);
    expect([...aux.squares.data]).toEqual([1, 4, 9]);
    expect([...aux.nested[0]!.data]).toEqual([-1, -4, -9]);
    expect([...grads.a.data]).toEqual([2, -4, 6]);
    await fn.dispose();
  });

  test('no gradient flows through stopGradient, and comparisons of it may decide', async () => {
    const fn = await compile(
      valueAndGrad((p: Params) => tf.sum(tf.where(tf.greater(stopGradient(p.a), 0), tf.mul(p.a, stopGradient(p.a)), tf.neg(p.a)))),
      [params],
    );
    const { value, grads } = await fn.run([values]);
    expect(value.data[0]).toBe(12);
    expect([...grads.a.data]).toEqual([1, -1, 3]);
    await fn.dispose();
  });

  test('second derivatives are traced too', async () => {
    const cube = (x: tf.Tensor): tf.Tensor => tf.mul(x, tf.square(x));
    const fn = await compile(
      (x: tf.Tensor1D) => tf.grad((y: tf.Tensor) => tf.sum(tf.grad((z: tf.Tensor) => tf.sum(cube(z)))(y)))(x),
      [spec([3])],
    );
    expect([...(await fn.run([values.a])).data]).toEqual([6, -12, 18]);
    await fn.dispose();
  });
});

import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { compile, scanBlocks, spec, useOnnx, valueAndGradWithAux, type HostTensor } from '../src/index.js';

beforeAll(() => useOnnx());

const [rows, width, rank, depth] = [6, 8, 2, 5];
const trained = { a: spec([width, rank]), b: spec([rank, width]) };
const frozen = { w: spec([width, width]) };
const shared = { mask: spec([rows, 1]) };

type Tensors<S> = { readonly [K in keyof S]: tf.Tensor2D };

/** A residual block with a low-rank change of its weight. */
const block = (
  { a, b }: Tensors<typeof trained>,
  { w }: Tensors<typeof frozen>,
  x: tf.Tensor2D,
  { mask }: Tensors<typeof shared>,
): tf.Tensor2D => tf.add(x, tf.mul(tf.tanh(tf.add(tf.matMul(x, w), tf.matMul(tf.matMul(x, a), b))), mask));

const wave = (length: number, phase: number): Float32Array => Float32Array.from({ length }, (_, i) => Math.sin(2 * i + phase) / 2);
const layers = Array.from({ length: depth }, (_, i) => ({
  trained: { a: wave(width * rank, i), b: wave(rank * width, i + 0.3) },
  frozen: { w: wave(width * width, i + 0.6) },
}));
const x = wave(rows * width, 7);
const common = { mask: Float32Array.from({ length: rows }, (_, i) => (i === 2 ? 0 : 1)) };

test('a stack of blocks has the states of the unrolled graph to the last bit, and its gradients', async () => {
  const unrolled = await compile(
    (t: Tensors<typeof trained>[], f: Tensors<typeof frozen>[], input: tf.Tensor2D, s: Tensors<typeof shared>) =>
      valueAndGradWithAux((wanted: { t: typeof t; input: tf.Tensor2D }) => {
        const state = wanted.t.reduce((carry, each, i) => block(each, f[i]!, carry, s), wanted.input);
        return { loss: tf.sum(tf.square(state)), aux: state };
      })({ t, input }),
    [layers.map(() => trained), layers.map(() => frozen), spec([rows, width]), shared],
    { name: 'unrolled' },
  );
  const whole = await unrolled.run([layers.map((layer) => layer.trained), layers.map((layer) => layer.frozen), x, common]);

  const stack = await scanBlocks(block, { trained, frozen, carry: spec([rows, width]), shared });
  const { carry, before } = await stack.forward(layers, x, common);
  expect(carry.data).toEqual(whole.aux.data);
  expect(before).toHaveLength(depth);
  const gradient = (carry.data as Float32Array).map((value) => 2 * value); // of the sum of squares
  const grads = await stack.backward(layers, before, common, gradient);
  const close = (actual: HostTensor, expected: HostTensor): void => {
    expect(actual.shape).toEqual(expected.shape);
    expected.data.forEach((value, i) => expect(actual.data[i]).toBeCloseTo(value, 4));
  };
  close(grads.carry, whole.grads.input);
  grads.trained.forEach(({ a, b }, i) => {
    close(a, whole.grads.t[i]!.a);
    close(b, whole.grads.t[i]!.b);
  });
  await Promise.all([stack.dispose(), unrolled.dispose()]);
});

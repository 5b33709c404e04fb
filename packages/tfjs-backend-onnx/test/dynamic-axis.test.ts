import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { compile, dynamicSpec, spec, useOnnx, type CompiledFunction, type HostTensor } from '../src/index.js';

const [heads, width] = [2, 4];

/** Attention of one query over keys of any number and one of its own, with reshapes, a split and a mean on the way. */
function attend(query: tf.Tensor3D, keys: tf.Tensor3D, mask: tf.Tensor1D): { mixed: tf.Tensor; mean: tf.Tensor } {
  const size = keys.shape[1];
  const scores = tf.reshape(tf.matMul(query, keys, false, true), [heads, size]);
  const own = tf.sum(tf.square(query), -1); // [heads, 1]
  const weights = tf.softmax(tf.concat([tf.add(scores, mask), own], 1));
  const [past, now] = tf.split(weights, [size, 1], 1) as [tf.Tensor2D, tf.Tensor2D];
  const mixed = tf.matMul(tf.reshape(past, [heads, 1, size]), keys); // [heads, 1, width]
  return { mixed: tf.add(mixed, tf.mul(query, tf.reshape(now, [heads, 1, 1]))), mean: tf.mean(tf.transpose(keys, [0, 2, 1]), 2) };
}

const numbers = (count: number, seed: number): Float32Array => Float32Array.from({ length: count }, (_, at) => Math.sin(seed + at * at));
const inputsOf = (size: number): [Float32Array, Float32Array, Float32Array] => [
  numbers(heads * width, 1),
  numbers(heads * size * width, 2),
  numbers(size, 3),
];
type Attend = CompiledFunction<readonly unknown[], { mixed: HostTensor; mean: HostTensor }>;
const dynamic = (): Promise<Attend> => compile(attend, [spec([heads, 1, width]), dynamicSpec([heads, null, width]), dynamicSpec([null])]);

beforeAll(() => useOnnx());

test('a dynamic axis takes every size, and gives what a function of that size gives', async () => {
  const any = await dynamic();
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 70 }), async (size) => {
      const one = await compile(attend, [spec([heads, 1, width]), spec([heads, size, width]), spec([size])]);
      const [got, want] = [await any.run(inputsOf(size)), await one.run(inputsOf(size))];
      await one.dispose();
      expect(got.mixed.shape).toEqual([heads, 1, width]);
      expect(got.mixed.data).toEqual(want.mixed.data);
      expect(got.mean.data).toEqual(want.mean.data);
    }),
    { numRuns: 12 },
  );
  await tf.setBackend('cpu');
  const eager = await dynamic();
  const [got, want] = [await eager.run(inputsOf(5)), await any.run(inputsOf(5))];
  got.mixed.data.forEach((value, at) => expect(value).toBeCloseTo(want.mixed.data[at]!, 5));
  await useOnnx();
  await any.dispose();
});

test('sizes that do not agree, or are none, are refused by name, and a saved function has none', async () => {
  const any = await dynamic();
  const [query, keys, mask] = inputsOf(6);
  await expect(any.run([query, keys, mask.subarray(1)])).rejects.toMatchObject({
    code: 'COMPILED_INPUT',
    message: expect.stringMatching(/arg2 is 5 long where it is dynamic.*6, as arg1/u) as string,
  });
  await expect(any.run([query, keys.subarray(1), mask])).rejects.toThrow(/47 values.*a multiple of 8 values for float32\[2,n,4\]/u);
  await expect(any.run([query, keys.subarray(0, 0), mask])).rejects.toMatchObject({ code: 'COMPILED_INPUT' });
  await expect(any.save('nowhere.onnx')).rejects.toMatchObject({ code: 'COMPILED_DYNAMIC_SAVE' });
  await any.dispose();
});

test.each<[string, (x: tf.Tensor2D) => tf.Tensor]>([
  ['the length', (x) => tf.mul(x, 1 / x.shape[1])],
  ['Expand', (x) => tf.add(tf.broadcastTo(tf.sum(x), x.shape), 1)],
  ['Add', (x) => tf.add(x, tf.range(0, x.shape[1]))],
  ['Slice', (x) => tf.slice(x, [0, 1], [2, x.shape[1] - 1])],
  ['Reshape', (x) => tf.reshape(tf.add(x, x), [x.shape[1], 2])],
])('what wants the size itself is refused: %s', async (op, fn) => {
  const compiled = compile(fn, [dynamicSpec([2, null])]);
  if (op === 'Reshape') return expect((await compiled).inputs).toHaveLength(1); // one unknown size can be found out
  return expect(compiled).rejects.toMatchObject({ code: 'TRACE_DYNAMIC_AXIS', message: expect.stringContaining(op) as string });
});

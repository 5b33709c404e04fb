import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { compile, spec, useOnnx, valueAndGrad } from '../src/index.js';

beforeAll(() => useOnnx());

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

test('compilations at the same time do not mix, and one that fails leaves the others alone', async () => {
  const sums = [1, 2, 3, 4].map((n) => compile((x: tf.Tensor1D) => tf.sum(tf.mul(x, n)), [spec([3])], { name: `times ${n}` }));
  const failing = compile((x: tf.Tensor1D) => tf.tensor1d(x.dataSync()), [spec([3])], { name: 'reader' });
  await expect(failing).rejects.toThrow('reader');
  const compiled = await Promise.all(sums);
  const results = await Promise.all(compiled.map((fn) => fn.run([Float32Array.of(1, 2, 3)])));
  expect(results.map(({ data }) => data[0])).toEqual([6, 12, 18, 24]);
  await Promise.all(compiled.map((fn) => fn.dispose()));
});

test('the backend that is active when compile is called is the one that counts', async () => {
  const traced = compile((x: tf.Tensor1D) => tf.exp(x), [spec([1])]);
  await tf.setBackend('cpu');
  const eager = compile((x: tf.Tensor1D) => tf.exp(x), [spec([1])]);
  await useOnnx();
  expect([(await traced).backend, (await eager).backend]).toEqual(['onnx', 'cpu']);
  expect([...(await (await eager).run([Float32Array.of(0)])).data]).toEqual([1]);
  expect(tf.getBackend()).toBe('onnx');
  await (await traced).dispose();
});

test('working memory may be given back after each run, and threads may be few, without another result', async () => {
  const fn = (x: tf.Tensor2D): tf.Tensor => tf.softmax(tf.matMul(x, x, false, true));
  const x = Float32Array.from({ length: 64 * 64 }, (_, i) => Math.sin(i));
  const results = [];
  for (const options of [{ threads: 1 }, { threads: 1, releaseMemory: true }]) {
    const compiled = await compile(fn, [spec([64, 64])], options);
    await compiled.run([x]);
    results.push([...(await compiled.run([x])).data]);
    await compiled.dispose();
  }
  expect(results[1]).toEqual(results[0]);
});

test('what it took to compile is told', async () => {
  const compiled = await compile((x: tf.Tensor1D) => tf.neg(tf.neg(tf.exp(x))), [spec([2])], { name: 'told' });
  expect(compiled.name).toBe('told');
  expect(compiled.inputs).toEqual([{ name: 'input', shape: [2], dtype: 'float32' }]);
  expect(compiled.outputs).toEqual([{ name: 'output', shape: [2], dtype: 'float32' }]);
  expect(compiled.stats).toMatchObject({ nodes: 1, tracedNodes: 3, bytes: 0 });
  await compiled.dispose();
});

test('a run whose inputs are host tensors takes what another run gave', async () => {
  const compiled = await compile(
    (x: { a: tf.Tensor2D; b: tf.Tensor }) => ({ a: tf.mul(x.a, 2), b: tf.logicalNot(x.b) }),
    [{ a: spec([1, 2]), b: spec([2], 'bool') }],
  );
  let state = await compiled.run([{ a: Float32Array.of(1, 2), b: Uint8Array.of(0, 1) }]);
  state = await compiled.run([state]);
  expect([...state.a.data]).toEqual([4, 8]);
  expect([...state.b.data]).toEqual([0, 1]);
  await compiled.dispose();
});

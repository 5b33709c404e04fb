import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { compile, constant, describe, spec, useOnnx, valueAndGrad } from '../src/index.js';

beforeAll(() => useOnnx());

const tower = (w: tf.Tensor2D, x: tf.Tensor2D): tf.Tensor => {
  const hidden = tf.tidy('first', () => tf.relu(tf.matMul(x, w))); // [4, 6]
  return tf.tidy('second', () => tf.sum(tf.matMul(hidden, w, false, true))); // [4, 5]
};

test('a product counts two operations for each multiplication, under every scope around it', async () => {
  const fn = await compile(tower, [spec([5, 6]), spec([4, 5])], { name: 'tower', argumentNames: ['w', 'x'] });
  const { scopes, operators, graph } = await describe(fn);
  const flops = Object.fromEntries(scopes.map(({ name, flops }) => [name, flops]));
  expect(flops['first/matMul']).toBe(2 * 4 * 5 * 6);
  expect(flops['second/matMul']).toBe(2 * 4 * 5 * 6);
  expect(flops['first']).toBe(2 * 4 * 5 * 6 + 4 * 6);
  expect(flops['']).toBe(flops['first']! + flops['second']!);
  expect(operators.find(({ name }) => name === 'Relu')).toEqual({
    name: 'Relu',
    nodes: 1,
    flops: 24,
    bytes: 2 * 24 * 4,
    milliseconds: null,
  });
  expect(graph.split('\n')[0]).toBe('first/matMul/MatMul:0: float32[4,6] = MatMul(x, w)');
  await fn.dispose();
});

test('the transposed product of a gradient counts its inner size', async () => {
  const fn = await compile(valueAndGrad(tower), [spec([5, 6]), spec([4, 5])], { name: 'gradient' });
  const { operators } = await describe(fn);
  const products = operators.filter(({ name }) => name.endsWith('MatMul'));
  // two forward; of the second both operands depend on w, of the first only w does: three backward
  expect(products.reduce((sum, { flops }) => sum + flops, 0)).toBe(5 * 2 * 4 * 5 * 6);
  await fn.dispose();
});

test('with inputs each scope has its share of the time, and no profile is left behind', async () => {
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith('onnx-profile-'));
  const fn = await compile(tower, [constant({ data: new Float32Array(30).fill(1), shape: [5, 6], dtype: 'float32' }), spec([4, 5])], {
    name: 'tower',
  });
  const description = await describe(fn, { inputs: [undefined, new Float32Array(20)], runs: 2 });
  const [whole] = description.scopes;
  expect(whole!.milliseconds).toBeGreaterThan(0);
  const tops = description.scopes.filter(({ name }) => ['first', 'second'].includes(name));
  expect(tops.reduce((sum, { milliseconds }) => sum + milliseconds!, 0)).toBeCloseTo(whole!.milliseconds!);
  expect(description.operators.reduce((sum, { milliseconds }) => sum + milliseconds!, 0)).toBeCloseTo(whole!.milliseconds!);
  expect(String(description)).toMatch(/^tower: 4 nodes, 136 bytes of constants/);
  expect(description.toString(1)).not.toContain('\nfirst/matMul  ');
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith('onnx-profile-'))).toEqual(before);
  await fn.dispose();
});

test('an eager function has no graph to describe', async () => {
  await tf.setBackend('cpu');
  const fn = await compile((x: tf.Tensor) => tf.exp(x), [spec([2])]);
  await expect(describe(fn)).rejects.toMatchObject({ code: 'COMPILED_EAGER' });
  await useOnnx();
});

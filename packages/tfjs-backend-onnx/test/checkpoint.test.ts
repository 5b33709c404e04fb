import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { profile } from '../src/describe/profile.js';
import { programOf } from '../src/programs/program.js';
import { checkpoint, compile, describe as describeGraph, spec, TraceError, useOnnx, valueAndGrad, type HostTensor } from '../src/index.js';

beforeAll(() => useOnnx());
afterEach(() => useOnnx());

type Params = { readonly w: tf.Tensor2D; readonly b: tf.Tensor1D };

const [rows, width, depth] = [5, 7, 4];
const shapes = { w: spec([width, width]), b: spec([width]) };
const specs = [Array.from({ length: depth }, () => shapes), spec([rows, width]), spec([rows, 1], 'bool')];
const wave = (length: number, phase: number): Float32Array => Float32Array.from({ length }, (_, i) => Math.sin(3 * i + phase));
const params = Array.from({ length: depth }, (_, layer) => ({ w: wave(width * width, layer), b: wave(width, layer + 0.5) }));
const inputs = [params, wave(rows * width, 9), Uint8Array.from({ length: rows }, (_, i) => i % 2)];

const block = (x: tf.Tensor2D, { w, b }: Params, mask: tf.Tensor): { x: tf.Tensor2D; half: tf.Tensor } => {
  const y = tf.tanh(tf.add(tf.matMul(x, w), b)); // [rows, width]
  return { x: tf.add(x, tf.where(mask.asType('bool'), y, tf.square(y))), half: tf.mul(y, 0.5) };
};

function loss(wrap: typeof block): (params: readonly Params[], x: tf.Tensor2D, mask: tf.Tensor) => tf.Scalar {
  return (layers, x, mask) => {
    let [state, extra] = [x, tf.scalar(0) as tf.Tensor];
    layers.forEach((layer, i) => {
      const result = tf.tidy(`layer${i}`, () => wrap(state, layer, mask));
      state = result.x;
      // a second result that only some layers use
      if (i === 1) extra = tf.sum(result.half);
    });
    return tf.add(tf.sum(tf.square(state)), extra);
  };
}

const flat = (tree: unknown): number[] =>
  JSON.stringify(tree, (_, value: unknown) => (ArrayBuffer.isView(value) ? [...(value as Float32Array)] : value))
    .match(/-?\d+(\.\d+)?(e-?\d+)?/g)!
    .map(Number);

const run = async (wrap: typeof block): Promise<{ value: HostTensor; grads: unknown; ops: number }> => {
  const fn = await compile(valueAndGrad(loss(wrap)) as never, specs as never, { name: 'step' });
  const { value, grads } = (await fn.run(inputs as never)) as unknown as { value: HostTensor; grads: unknown };
  const { operators } = fn.backend === 'onnx' ? await describeGraph(fn) : { operators: [] };
  await fn.dispose();
  return { value, grads, ops: operators.find(({ name }) => name === 'Tanh')?.nodes ?? 0 };
};

describe.each(['onnx', 'cpu'])('on the %s backend', (backend) => {
  test('value and gradients are those of the function itself', async () => {
    await tf.setBackend(backend);
    const [plain, again] = [await run(block), await run(checkpoint(block))];
    expect([...again.value.data]).toEqual([...plain.value.data]);
    const [a, b] = [flat(plain.grads), flat(again.grads)];
    expect(b.length).toBe(a.length);
    a.forEach((value, i) => expect(b[i]).toBeCloseTo(value, 4));
  });

  test('a tensor from outside is refused by name of the operation', async () => {
    await tf.setBackend(backend);
    const outside = (layers: readonly Params[], x: tf.Tensor2D): tf.Scalar =>
      tf.sum(checkpoint((y: tf.Tensor2D) => tf.matMul(y, layers[0]!.w))(x));
    const fn = async (): Promise<unknown> => {
      const compiled = await compile(valueAndGrad(outside) as never, specs.slice(0, 2) as never, { name: 'outside' });
      return compiled.run(inputs.slice(0, 2) as never);
    };
    await expect(fn()).rejects.toThrow(TraceError);
    await expect(fn()).rejects.toMatchObject({
      code: 'TRACE_CAPTURED_TENSOR',
      message: expect.stringContaining('matMul uses a tensor (float32[7,7])') as string,
    });
  });
});

test('what is computed again stays in the graph, once for each layer', async () => {
  expect((await run(block)).ops).toBe(depth);
  expect((await run(checkpoint(block))).ops).toBe(2 * depth);
});

test('without gradients it is the function itself', async () => {
  const fn = await compile(loss(checkpoint(block)) as never, specs as never, { name: 'forward' });
  const { operators } = await describeGraph(fn);
  expect(operators.find(({ name }) => name === 'Tanh')!.nodes).toBe(depth);
  await fn.dispose();
});

test('nothing of it is left in tfjs after an eager gradient', async () => {
  await tf.setBackend('cpu');
  const x = tf.tensor2d(wave(rows * width, 1), [rows, width]);
  const layer = { w: tf.tensor2d(wave(width * width, 2), [width, width]), b: tf.tensor1d(wave(width, 3)) };
  const mask = tf.ones([rows, 1], 'bool');
  const before = tf.memory().numTensors;
  const { value, grads } = tf.valueAndGrads((w, b) => tf.sum(checkpoint(block)(x, { w: w as tf.Tensor2D, b: b as tf.Tensor1D }, mask).x))([
    layer.w,
    layer.b,
  ]);
  tf.dispose([value, grads]);
  expect(tf.memory().numTensors).toBe(before);
  tf.dispose([x, layer, mask]);
});

test('gradients of gradients go through it', async () => {
  const cube = (x: tf.Tensor): tf.Tensor => tf.mul(x, tf.square(x));
  const second = (wrap: (f: typeof cube) => typeof cube) => tf.grad((x: tf.Tensor) => tf.grad(wrap(cube))(x));
  const fn = await compile((x: tf.Tensor) => [second((f) => f)(x), second(checkpoint)(x)] as const, [spec([3])], { name: 'second' });
  const [plain, again] = await fn.run([Float32Array.of(1, 2, -3)]);
  expect([...again.data]).toEqual([...plain.data]);
  expect([...plain.data]).toEqual([6, 12, -18]);
  await fn.dispose();
});

test('ONNX Runtime computes a layer again only when the backward pass gets there, and finishes its gradients before the next', async () => {
  const fn = await compile(valueAndGrad(loss(checkpoint(block))) as never, specs as never, { name: 'step' });
  const { program, options } = programOf(fn);
  const executed = await profile(program, options, program.signature.bind(inputs), 1);
  const [forward, backward] = [executed.slice(0, depth), executed].map((all) =>
    all.filter(({ op }) => op === 'Tanh' || op === 'FusedMatMul'),
  );
  expect(forward!.every(({ op }) => op === 'Tanh')).toBe(true);
  // each layer: once more forward, then the gradient to its weight, then (but for the first) that to its input
  const layer = ['Tanh', 'FusedMatMul', 'FusedMatMul'];
  const order = backward!.slice(depth).map(({ op }) => op);
  expect(order).toEqual(
    Array.from({ length: depth }, () => layer)
      .flat()
      .slice(0, -1),
  );
  await fn.dispose();
});

import * as tf from '@tensorflow/tfjs';
import { beforeAll, expectTypeOf, test } from 'vitest';
import { compile, constant, mapTree, spec, useOnnx, type HostArray, type HostTensor, type TensorSpec } from '../src/index.js';

beforeAll(() => useOnnx());

test("a function's arguments follow the specs", async () => {
  const fn = await compile(
    (params, x, table) => {
      expectTypeOf(params.w).toEqualTypeOf<tf.Tensor2D>();
      expectTypeOf(params.layers[0]).toEqualTypeOf<tf.Tensor1D>();
      expectTypeOf(x).toEqualTypeOf<tf.Scalar>();
      expectTypeOf(table).toEqualTypeOf<tf.Tensor>();
      return { loss: x, grads: { w: params.w }, parts: [x, x] as const };
    },
    [{ w: spec([2, 3]), layers: [spec([3])] }, spec([]), constant({ data: new Float32Array(1), shape: [1], dtype: 'float32' })],
  );
  expectTypeOf<Parameters<(typeof fn)['run']>[0]>().toExtend<
    readonly [{ readonly w: HostArray | HostTensor }, HostArray | HostTensor, null | undefined]
  >();
  const result = await fn.run([{ w: new Float32Array(6), layers: [new Float32Array(3)] }, new Float32Array(1), undefined]);
  expectTypeOf(result.loss).toEqualTypeOf<HostTensor>();
  expectTypeOf(result.grads.w).toEqualTypeOf<HostTensor>();
  await fn.dispose();
});

test('a function may state its own tensor types', async () => {
  interface Params {
    readonly w: tf.Tensor2D;
    readonly list: tf.Tensor1D[];
  }
  const specs: { w: TensorSpec; list: TensorSpec[] } = { w: spec([2, 2]), list: [spec([2])] };
  const fn = await compile((p: Params, x: tf.Tensor2D) => tf.matMul(x, p.w), [specs, spec([1, 2])]);
  const result = await fn.run([{ w: new Float32Array(4), list: [new Float32Array(2)] }, new Float32Array(2)]);
  expectTypeOf(result).toEqualTypeOf<HostTensor>();
  // @ts-expect-error an argument is missing
  await fn.run([{ w: new Float32Array(4), list: [new Float32Array(2)] }]).catch(() => undefined);
  await fn.dispose();
});

test('mapped trees keep their structure', () => {
  const host: HostTensor = { data: new Float32Array(1), shape: [1], dtype: 'float32' };
  const mapped = mapTree({ a: host, b: [host] }, (leaf: HostTensor) => leaf.shape.length);
  expectTypeOf(mapped.a).toEqualTypeOf<number>();
  expectTypeOf(mapped.b).toEqualTypeOf<number[]>();
});

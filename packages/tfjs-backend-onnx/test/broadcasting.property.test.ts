import fc from 'fast-check';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { compile, spec, specOf, useOnnx, type HostTensor } from '../src/index.js';

beforeAll(() => useOnnx());

const shape = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 });
const sizeOf = (dimensions: readonly number[]): number => dimensions.reduce((a, b) => a * b, 1);
const filled = (dimensions: readonly number[]): fc.Arbitrary<HostTensor> =>
  fc
    .array(fc.float({ min: -4, max: 4, noNaN: true }), { minLength: sizeOf(dimensions), maxLength: sizeOf(dimensions) })
    .map((values) => ({ data: Float32Array.from(values), shape: dimensions, dtype: 'float32' }));

/** Two tensors whose shapes broadcast: axes of a common shape are dropped from the left or set to 1. */
const broadcastable = shape.chain((common) => {
  const part = fc
    .record({
      rank: fc.integer({ min: 0, max: common.length }),
      ones: fc.array(fc.boolean(), { minLength: common.length, maxLength: common.length }),
    })
    .map(({ rank, ones }) => common.slice(common.length - rank).map((size, i) => (ones[i]! ? 1 : size)));
  return fc.tuple(part.chain(filled), part.chain(filled));
});

async function bothWays(fn: (...inputs: tf.Tensor[]) => tf.Tensor, inputs: readonly HostTensor[]): Promise<[HostTensor, HostTensor]> {
  const results: HostTensor[] = [];
  for (const backend of ['onnx', 'cpu']) {
    await tf.setBackend(backend);
    const compiled = await compile(fn, inputs.map(specOf), { name: 'property', threads: 1 });
    results.push(await compiled.run(inputs));
    await compiled.dispose();
  }
  await useOnnx();
  return results as [HostTensor, HostTensor];
}

function expectEqual([actual, expected]: readonly [HostTensor, HostTensor]): void {
  expect([...actual.shape]).toEqual([...expected.shape]);
  expected.data.forEach((each, i) => expect(Math.abs(actual.data[i]! - each)).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(each))));
}

test('binary operations broadcast as tfjs does', async () => {
  const operation = fc.constantFrom(tf.add, tf.sub, tf.mul, tf.maximum, tf.squaredDifference);
  await fc.assert(
    fc.asyncProperty(broadcastable, operation, async ([a, b], op) => expectEqual(await bothWays((x, y) => op(x, y), [a, b]))),
    { numRuns: 40, seed: 1 },
  );
});

test('gradients of broadcast operands are summed over the broadcast axes', async () => {
  await fc.assert(
    fc.asyncProperty(broadcastable, async ([a, b]) => {
      const fn = (x: tf.Tensor, y: tf.Tensor): tf.Tensor => {
        const [dx, dy] = tf.grads((p: tf.Tensor, q: tf.Tensor) => tf.sum(tf.mul(tf.add(p, q), tf.sub(p, tf.mul(2, q)))))([x, y]) as [
          tf.Tensor,
          tf.Tensor,
        ];
        return tf.concat([tf.reshape(dx, [-1]), tf.reshape(dy, [-1])]);
      };
      expectEqual(await bothWays(fn, [a, b]));
    }),
    { numRuns: 25, seed: 2 },
  );
});

test('reductions over any axes agree with tfjs', async () => {
  const reduction = fc.constantFrom<(x: tf.Tensor, axis: number[], keep: boolean) => tf.Tensor>(tf.sum, tf.mean, tf.max, tf.min);
  const cases = shape.chain((dimensions) =>
    fc.tuple(filled(dimensions), fc.subarray([...dimensions.keys()]), fc.boolean()).map(([x, axes, keep]) => ({ x, axes, keep })),
  );
  await fc.assert(
    fc.asyncProperty(cases, reduction, async ({ x, axes, keep }, reduce) => expectEqual(await bothWays((t) => reduce(t, axes, keep), [x]))),
    { numRuns: 40, seed: 3 },
  );
});

test('any tensor goes through a compiled function unchanged', async () => {
  await fc.assert(
    fc.asyncProperty(shape.chain(filled), async (x) => {
      const fn = await compile((t: tf.Tensor) => t, [spec([...x.shape])] as never);
      expect([...(await fn.run([x] as never)).data]).toEqual([...x.data]);
      await fn.dispose();
    }),
    { numRuns: 10, seed: 4 },
  );
});

import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import {
  adam,
  adamw,
  applyUpdates,
  chain,
  clipByGlobalNorm,
  compile,
  flattenTree,
  globalNorm,
  mapTree,
  sgd,
  spec,
  specOf,
  useOnnx,
  type HostTensor,
  type Optimizer,
  type TensorTree,
} from '../src/index.js';

interface Values {
  readonly w: readonly number[];
  readonly b: readonly number[];
}
interface Fixture {
  readonly shapes: { readonly w: [number, number]; readonly b: [number] };
  readonly start: Values;
  readonly gradients: readonly Values[];
  readonly cases: Readonly<Record<string, { readonly after: readonly Values[]; readonly norms?: readonly number[] }>>;
}
const fixture = JSON.parse(readFileSync(new URL('fixtures/optimizers.json', import.meta.url), 'utf8')) as Fixture;

const optimizers: Readonly<Record<string, Optimizer>> = {
  sgd: sgd({ learningRate: 0.1 }),
  momentum: sgd({ learningRate: 0.1, momentum: 0.9 }),
  nesterov: sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
  adam: adam({ learningRate: 0.01 }),
  'adam with other constants': adam({ learningRate: 0.01, beta1: 0.8, beta2: 0.95, epsilon: 1e-3 }),
  adamw: adamw({ learningRate: 0.01, weightDecay: 0.1 }),
  'clipped adam': chain(clipByGlobalNorm(1), adam({ learningRate: 0.01 })),
};

beforeAll(() => useOnnx());

const hosts = (values: Values): { w: HostTensor; b: HostTensor } => ({
  w: { data: Float32Array.from(values.w), shape: fixture.shapes.w, dtype: 'float32' },
  b: { data: Float32Array.from(values.b), shape: fixture.shapes.b, dtype: 'float32' },
});

/** The state before the first step, computed by a compiled function of its own. */
async function initialState(optimizer: Optimizer, params: unknown): Promise<unknown> {
  let empty = true;
  const init = await compile(
    (p: { w: tf.Tensor; b: tf.Tensor }) => {
      const state = optimizer.init(p);
      empty = flattenTree(state).length === 0;
      return { state, params: p };
    },
    [mapTree(params, specOf as never)] as never,
  );
  const { state } = (await init.run([params] as never)) as { state: unknown };
  await init.dispose();
  expect(empty).toBe(flattenTree(state).length === 0);
  return state;
}

test.each(Object.keys(optimizers))('%s moves parameters as torch does', async (name) => {
  const optimizer = optimizers[name]!;
  let params: unknown = hosts(fixture.start);
  let state = await initialState(optimizer, params);
  const specs = [mapTree(params, specOf as never), mapTree(params, specOf as never), mapTree(state, specOf as never)];
  const step = await compile(
    (p: TensorTree, grads: TensorTree, s: TensorTree) => {
      const { updates, state: next } = optimizer.update(grads, s, p);
      return { params: applyUpdates(p, updates), state: next };
    },
    specs as never,
    { name },
  );
  for (const [i, expected] of fixture.cases[name]!.after.entries()) {
    const result = (await step.run([params, hosts(fixture.gradients[i]!), state] as never)) as { params: unknown; state: unknown };
    ({ params, state } = result);
    const { w, b } = params as { w: HostTensor; b: HostTensor };
    [...expected.w, ...expected.b].forEach((each, k) => expect([...w.data, ...b.data][k]).toBeCloseTo(each, 6));
  }
  await step.dispose();
});

test('the global norm is the one that torch clips by', async () => {
  const norm = await compile((grads: { w: tf.Tensor; b: tf.Tensor }) => globalNorm(grads), [
    mapTree(hosts(fixture.start), specOf as never),
  ] as never);
  for (const [i, expected] of fixture.cases['clipped adam']!.norms!.entries()) {
    const { data } = await norm.run([hosts(fixture.gradients[i]!)] as never);
    expect(data[0]! / expected).toBeCloseTo(1, 6);
  }
  await norm.dispose();
});

test("the context's learning rate takes the place of the optimizer's own", async () => {
  const optimizer = adam({ learningRate: 0.5 });
  const step = await compile(
    (grad: tf.Tensor1D, learningRate: tf.Scalar) => optimizer.update(grad, optimizer.init(grad), grad, { learningRate }).updates,
    [spec([2]), spec([])],
  );
  const { data } = await step.run([Float32Array.of(3, -4), Float32Array.of(0.125)]);
  // Adam's first step is the learning rate against the sign of the gradient
  expect([...data].map((each) => +each.toFixed(5))).toEqual([-0.125, 0.125]);
  await step.dispose();
});

import { createRng } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import {
  adam,
  applyUpdates,
  chain,
  clipByGlobalNorm,
  compile,
  mapTree,
  spec,
  specOf,
  useOnnx,
  valueAndGrad,
  type HostTensor,
} from '../src/index.js';

type Layer<T> = { readonly weight: T; readonly bias: T };

/** A multilayer perceptron that learns the exclusive or of two signs: 20 steps of Adam, everything of a step in one function. */
async function losses(backend: string): Promise<number[]> {
  if (backend === 'onnx') await useOnnx();
  else await tf.setBackend(backend);
  const rng = createRng('mlp');
  const host = (shape: number[], scale: number): HostTensor => ({
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal() * scale),
    shape,
    dtype: 'float32',
  });
  const layer = (inputs: number, outputs: number): Layer<HostTensor> => ({
    weight: host([inputs, outputs], 0.5),
    bias: host([outputs], 0.1),
  });
  let params: Layer<HostTensor>[] = [layer(2, 16), layer(16, 16), layer(16, 1)];
  const x = host([64, 2], 1);
  const y = Float32Array.from({ length: 64 }, (_, i) => Number(x.data[2 * i]! * x.data[2 * i + 1]! > 0));

  const apply = (layers: Layer<tf.Tensor>[], inputs: tf.Tensor2D): tf.Tensor =>
    layers.reduce<tf.Tensor>((state, { weight, bias }, i) => {
      const z = tf.add(tf.matMul(state as tf.Tensor2D, weight as tf.Tensor2D), bias);
      return i < layers.length - 1 ? tf.tanh(z) : z;
    }, inputs);
  const loss = (layers: Layer<tf.Tensor>[], inputs: tf.Tensor2D, labels: tf.Tensor2D): tf.Scalar =>
    tf.losses.sigmoidCrossEntropy<tf.Tensor2D, tf.Scalar>(labels, apply(layers, inputs) as tf.Tensor2D);
  const optimizer = chain(clipByGlobalNorm(1), adam({ learningRate: 0.05 }));

  const specs = mapTree(params, specOf as never) as never;
  const zeros = mapTree(params, ((leaf: HostTensor) => ({ ...leaf, data: new Float32Array(leaf.data.length) })) as never);
  let state: unknown = [[], [{ count: { data: new Float32Array(1), shape: [], dtype: 'float32' }, first: zeros, second: zeros }, []]];
  const step = await compile(
    (layers: Layer<tf.Tensor>[], s: never, inputs: tf.Tensor2D, labels: tf.Tensor2D) => {
      const { value, grads } = valueAndGrad(loss)(layers, inputs, labels);
      const { updates, state: next } = optimizer.update(grads, s, layers);
      return { value, params: applyUpdates(layers, updates), next };
    },
    [specs, mapTree(state, specOf as never), spec([64, 2]), spec([64, 1])] as never,
    { name: 'mlp' },
  );
  const values: number[] = [];
  for (let i = 0; i < 20; i += 1) {
    const result = (await step.run([params, state, x.data, y] as never)) as unknown as {
      value: HostTensor;
      params: typeof params;
      next: unknown;
    };
    values.push(result.value.data[0]!);
    ({ params } = result);
    state = result.next;
  }
  await step.dispose();
  return values;
}

test('a training step gives the same losses traced and eager, and they fall', async () => {
  const traced = await losses('onnx');
  const eager = await losses('cpu');
  traced.forEach((value, i) => expect(Math.abs(value - eager[i]!) / eager[i]!).toBeLessThan(1e-4));
  expect(traced[19]).toBeLessThan(traced[0]! * 0.5);
});

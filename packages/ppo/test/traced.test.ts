import { compile, spec, useOnnx, valueAndGradWithAux, type HostTensor } from '@expctr/tfjs-backend-onnx';
import { createRng } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { afterAll, expect, test } from 'vitest';
import { algorithms, initialValueHead, resolveConfig } from '../src/index.js';

afterAll(async () => {
  await tf.setBackend('cpu');
});

const [ROWS, R, HIDDEN] = [3, 5, 4];
const config = resolveConfig(algorithms.ppo, { maxNewTokens: R, stopTokenIds: [], entropyCoefficient: 0.01 });
const columns = ['oldLogProbs', 'advantages', 'oldValues', 'returns'] as const;

/** Loss, metrics and all gradients as one program. */
type Inputs = { logProbs: tf.Tensor2D; entropy: tf.Tensor2D; hidden: tf.Tensor3D; weight: tf.Tensor2D; bias: tf.Tensor1D };
function lossAndGradients(inputs: Inputs, columnTensors: Record<string, tf.Tensor2D>, mask: tf.Tensor2D, tokens: tf.Scalar) {
  return valueAndGradWithAux(({ logProbs, entropy, hidden, weight, bias }: Inputs) => {
    const { loss, metrics, maxima } = algorithms.ppo.loss(config)(
      { logProbs, entropy, hidden },
      { mask, columns: columnTensors, scalars: { tokens } },
      { weight, bias },
    );
    return { loss, aux: { metrics, maxima: maxima! } };
  })(inputs);
}

test('the loss and its gradients trace into an ONNX graph that gives what the cpu backend gives', async () => {
  const rng = createRng('traced');
  const random = (size: number) => Float32Array.from({ length: size }, () => 0.5 * rng.normal());
  const flat = spec([ROWS, R]);
  const head = initialValueHead(HIDDEN);
  const specs = [
    { logProbs: flat, entropy: flat, hidden: spec([ROWS, R, HIDDEN]), weight: spec(head.weight.shape), bias: spec(head.bias.shape) },
    Object.fromEntries(columns.map((name) => [name, flat])),
    flat,
    spec([]),
  ];
  const mask = Float32Array.from({ length: ROWS * R }, (_, i) => (i % R < 2 + Math.floor(i / R) ? 1 : 0));
  const inputs = [
    { logProbs: random(ROWS * R), entropy: random(ROWS * R), hidden: random(ROWS * R * HIDDEN), weight: random(HIDDEN), bias: random(1) },
    Object.fromEntries(columns.map((name) => [name, random(ROWS * R)])),
    mask,
    Float32Array.of(9),
  ];
  const results: Record<string, unknown>[] = [];
  for (const select of [() => tf.setBackend('cpu'), useOnnx]) {
    await select();
    const compiled = await compile(lossAndGradients as (...args: readonly unknown[]) => unknown, specs as never);
    const flattened: Record<string, unknown> = {};
    collect(await (compiled as unknown as { run(given: unknown): Promise<unknown> }).run(inputs), '', flattened);
    results.push(flattened);
    await compiled.dispose();
  }
  const [cpu, onnx] = results as Record<string, number[]>[];
  expect(Object.keys(onnx!)).toEqual(Object.keys(cpu!));
  expect(Object.keys(onnx!).length).toBeGreaterThan(10);
  for (const [name, values] of Object.entries(cpu!)) values.forEach((value, i) => expect(onnx![name]![i], name).toBeCloseTo(value, 5));
});

function collect(tree: unknown, path: string, into: Record<string, unknown>): void {
  if (typeof tree === 'object' && tree !== null && 'data' in tree) into[path] = Array.from((tree as HostTensor).data);
  else for (const [key, child] of Object.entries(tree as object)) collect(child, `${path}.${key}`, into);
}

import { createRng } from '@expctr/core';
import { compile, spec, useOnnx, valueAndGradWithAux, type HostTensor } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { expect } from 'vitest';
import { initialValueHead, resolveConfig, type Algorithm, type Rollout } from '../src/index.js';

const [R, HIDDEN] = [5, 4];
const LENGTHS = [2, 3, 4, 5];

type Inputs = { logProbs: tf.Tensor2D; entropy: tf.Tensor2D; hidden: tf.Tensor3D; weight: tf.Tensor2D; bias: tf.Tensor1D };

/**
 * The loss, its metrics and all gradients as one program give the same numbers from an ONNX graph as from the cpu backend.
 * @returns the names of the numbers
 */
export async function expectTraced(algorithm: Algorithm, settings: Readonly<Record<string, unknown>> = {}): Promise<string[]> {
  const config = resolveConfig(algorithm, { maxNewTokens: R, stopTokenIds: [], ...settings });
  const rng = createRng('traced');
  const random = (size: number) => Float32Array.from({ length: size }, () => 0.5 * rng.normal());
  const perToken = () => LENGTHS.map(random);
  const pairs = algorithm.name === 'dpo';
  const { columns, scalars } = algorithm.advantages(
    {
      rollouts: LENGTHS.map((length, row) => rolloutOf(row >> 1, length)),
      scores: [1, -1, 0.5, 2],
      logProbs: perToken(),
      values: perToken(),
      referenceLogProbs: algorithm.needs(config).reference ? perToken() : null,
      state: algorithm.initialState?.(config) ?? {},
    },
    config,
  );
  const size = LENGTHS.length * R;
  const pad = (rows: readonly Float32Array[]) => Float32Array.from(rows.flatMap((row) => [...row, ...random(R - row.length)]));
  const numbers = { ...scalars, tokens: LENGTHS.reduce((a, b) => a + b), sequences: LENGTHS.length, ...(pairs ? { pairs: 2 } : {}) };
  const head = initialValueHead(HIDDEN);
  const given = [
    { logProbs: random(size), entropy: random(size), hidden: random(size * HIDDEN), weight: random(HIDDEN), bias: random(1) },
    mapOf(columns, pad),
    Float32Array.from({ length: size }, (_, i) => (i % R < LENGTHS[Math.floor(i / R)]! ? 1 : 0)),
    mapOf(numbers, (value) => Float32Array.of(value)),
  ];
  const flat = spec([LENGTHS.length, R]);
  const { weight, bias } = mapOf(head, (tensor: HostTensor) => spec(tensor.shape));
  const specs = [
    { logProbs: flat, entropy: flat, hidden: spec([LENGTHS.length, R, HIDDEN]), weight, bias },
    mapOf(columns, () => flat),
    flat,
    mapOf(numbers, () => spec([])),
  ];

  function lossAndGradients(inputs: Inputs, traced: Record<string, tf.Tensor2D>, mask: tf.Tensor2D, scalarsOf: Record<string, tf.Scalar>) {
    return valueAndGradWithAux(({ logProbs, entropy, hidden, weight: w, bias: b }: Inputs) => {
      const sides = {
        chosen: tf.tensor1d([1, 2, 0], 'int32'),
        rejected: tf.tensor1d([0, 3, 0], 'int32'),
        mask: tf.tensor1d([1, 1, 0]),
      };
      const batch = { mask, columns: traced, scalars: scalarsOf, ...(pairs ? { pairs: sides } : {}) };
      const { loss, metrics, maxima = {} } = algorithm.loss(config)({ logProbs, entropy, hidden }, batch, { weight: w, bias: b });
      return { loss, aux: { metrics, maxima } };
    })(inputs);
  }

  const results: Record<string, number[]>[] = [];
  for (const select of [() => tf.setBackend('cpu'), useOnnx]) {
    await select();
    const compiled = await compile(lossAndGradients as (...args: readonly unknown[]) => unknown, specs as never);
    const flattened: Record<string, number[]> = {};
    collect(await (compiled as unknown as { run(inputs: unknown): Promise<unknown> }).run(given), '', flattened);
    results.push(flattened);
    await compiled.dispose();
  }
  await tf.setBackend('cpu');
  const [cpu, onnx] = results;
  expect(Object.keys(onnx!)).toEqual(Object.keys(cpu!));
  for (const [name, values] of Object.entries(cpu!)) values.forEach((value, i) => expect(onnx![name]![i], name).toBeCloseTo(value, 5));
  return Object.keys(cpu!);
}

function rolloutOf(promptIndex: number, length: number): Rollout {
  const tokens = new Int32Array(length);
  return { promptIndex, prompt: [1], tokens, samplerLogProbs: new Float32Array(length), finishReason: 'length' };
}

function mapOf<V, W>(record: Readonly<Record<string, V>>, change: (value: V) => W): Record<string, W> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

function collect(tree: unknown, path: string, into: Record<string, number[]>): void {
  if (typeof tree === 'object' && tree !== null && 'data' in tree) into[path] = Array.from((tree as HostTensor).data);
  else for (const [key, child] of Object.entries(tree as object)) collect(child, `${path}.${key}`, into);
}

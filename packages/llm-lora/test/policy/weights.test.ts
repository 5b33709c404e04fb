import { createRng } from '@expctr/core';
import type { StepLoss } from '@expctr/language-model/training';
import { sgd, turnRows, type FrozenFormat, type HostFrozenMatrix, type HostTensor } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  createPolicy,
  FAMILIES,
  storedCheckpoint,
  type CausalLM,
  type Checkpoint,
  type FloatTensor,
  type StoredTensor,
} from '../../src/index.js';
import { halfValues } from '../../src/formats/reduced-floats.js';
import { randomCheckpoint, smallConfig } from '../families/random.js';
import { useBackend } from '../model/oracle.js';

beforeAll(() => useBackend('onnx'));

/** Wide enough for int4, whose blocks are of 32. */
const CONFIG = { ...smallConfig, hiddenSize: 64, intermediateSize: 96, headDim: 16, vocabularySize: 40, maxPositions: 64 };
const prompts = [[3, 4, 5, 6, 7, 8, 9, 10], [3, 4, 5, 6, 7, 8, 9, 10], [11, 12]]; // prettier-ignore
const responses = [[5, 6, 7], [8, 9], [20, 21, 22, 23]]; // prettier-ignore
const lora = { rank: 2, alpha: 4, targetModules: ['q_proj', 'v_proj', 'down_proj'] };

/** The numbers that a stored tensor holds, one after the other. */
function held(tensor: StoredTensor, shape: readonly number[]): FloatTensor {
  const [out = 0, inner = 0] = shape;
  const at = (row: number, k: number): number => valueAt(tensor as HostFrozenMatrix, row, k, out, inner);
  if ('data' in tensor) return tensor;
  const data = Float32Array.from({ length: out * inner }, (_, i) => at(Math.floor(i / inner), i % inner));
  if ('int8' in tensor || 'uint8' in tensor) turnRows(data, inner);
  return { data, shape, dtype: 'float32' };
}

function valueAt(matrix: HostFrozenMatrix, row: number, k: number, out: number, inner: number): number {
  const of = ({ data }: HostTensor, index: number): number => data[index]!;
  if ('float16' in matrix) return halfValues()[of(matrix.float16, row * inner + k)]!;
  if ('rows' in matrix) return of(matrix.rows, row * inner + k) * of(matrix.scales, row);
  if ('int8' in matrix) return of(matrix.int8, k * out + row) * of(matrix.scales, row);
  if ('uint8' in matrix) return (of(matrix.uint8, k * out + row) - 128) * of(matrix.scales, row);
  if ('int4' in matrix) {
    const blocks = Math.ceil(inner / 32);
    const block = row * blocks + Math.floor(k / 32);
    const byte = of(matrix.int4, block * 16 + ((k % 32) >> 1));
    return ((k % 2 === 0 ? byte & 15 : byte >> 4) - 8) * of(matrix.scales, block);
  }
  return of(matrix.float32, row * inner + k);
}

/** A policy with an adapter that does something. */
function policyOf(checkpoint: Checkpoint<never, StoredTensor>, samplingWeights: FrozenFormat): CausalLM {
  const policy = createPolicy(checkpoint, null, { lora, samplingWeights });
  policy.adapters.create('own', createRng(5));
  const { config, tensors } = policy.adapters.get('own');
  const noise = createRng(6);
  const moved = [...tensors].map(([path, { a, b }]) => [path, { a, b: { ...b, data: b.data.map(() => 0.1 * noise.normal()) } }] as const);
  policy.adapters.set('own', { config, tensors: new Map(moved) });
  return policy;
}

/** Minus the log-probabilities and a little entropy, so that both gradients are in it. */
const loss: StepLoss<Record<string, never>> = ({ logProbs, entropy }, { mask }) => ({
  loss: tf.neg(tf.sum(tf.mul(mask, tf.add(logProbs, tf.mul(entropy, 0.1))))),
  metrics: { logProbs: tf.sum(tf.mul(mask, logProbs)) },
});

/** What a step of gradient descent does to the adapter, and the log-probabilities before it. */
async function stepOf(policy: CausalLM): Promise<{ change: Float32Array; logProbs: number[]; trained: number }> {
  const before = policy.adapters.get('own');
  const scored = await policy.logProbabilities({ prompts, responses }, 'own');
  const step = await policy.compileStep(loss, sgd({ learningRate: 1 }), {});
  const { metrics } = await step.run([{ prompts, responses }]);
  const after = policy.adapters.get('own');
  const change = [...after.tensors].flatMap(([path, pair]) =>
    (['a', 'b'] as const).flatMap((key) => [...pair[key].data].map((value, i) => value - before.tensors.get(path)![key].data[i]!)),
  );
  return { change: Float32Array.from(change), logProbs: scored.flatMap((row) => [...row]), trained: metrics['logProbs']! };
}

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
const largest = (a: readonly number[], b: readonly number[]): number => Math.max(...a.map((x, i) => Math.abs(x - b[i]!)));

describe.each(['float16', 'int8', 'int4'] as const)('weights kept as %s', (format: FrozenFormat) => {
  test.each([{ tiedEmbeddings: true }, { tiedEmbeddings: false }])(
    'train and score as a model of the very numbers that they hold, and near that of float32: %j',
    async (config) => {
      const checkpoint = randomCheckpoint(FAMILIES.llama, { ...CONFIG, ...config }, 'stored');
      const small = await storedCheckpoint(checkpoint, format);
      const tensors = new Map([...small.tensors].map(([name, tensor]) => [name, held(tensor, checkpoint.tensors.get(name)!.shape)]));
      const exact = policyOf(checkpoint as never, 'int8');
      const stored = policyOf(small as never, format);
      const dense = policyOf({ ...checkpoint, tensors } as never, 'int8');
      const [ofFloat32, ofStored, ofDense] = [await stepOf(exact), await stepOf(stored), await stepOf(dense)];

      expect(largest(ofStored.logProbs, ofDense.logProbs)).toBeLessThan(3e-5);
      expect(largest([...ofStored.change], [...ofDense.change])).toBeLessThan(3e-5 * Math.max(...ofDense.change.map(Math.abs)));
      // a step sees what scoring sees
      expect(ofStored.trained).toBeCloseTo(
        ofStored.logProbs.reduce((sum, x) => sum + x, 0),
        4,
      );

      const cosine =
        dot(ofStored.change, ofFloat32.change) / Math.sqrt(dot(ofStored.change, ofStored.change) * dot(ofFloat32.change, ofFloat32.change));
      // on random weights, which nothing has made smooth: real ones lose far less
      expect(1 - cosine).toBeLessThan({ float32: 0, float16: 0.005, int8: 0.1, int4: 1 }[format]);
      expect(largest(ofStored.logProbs, ofFloat32.logProbs)).toBeGreaterThan(0);

      // writing by the same small weights gives texts of the very model, but for what integers round
      const [completion] = await stored.generate([prompts[0]!], { maxNewTokens: 6, stopTokenIds: [], seed: [1], adapter: 'own' });
      const [scored] = await stored.logProbabilities({ prompts: [prompts[0]!], responses: [completion!.tokens] }, 'own');
      expect(largest([...completion!.logProbs], [...scored!])).toBeLessThan(format === 'float16' ? 1e-4 : 1);
      await Promise.all([exact, stored, dense].map((policy) => policy.dispose()));
    },
  );
});

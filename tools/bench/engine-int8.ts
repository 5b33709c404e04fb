// The LoRA step on a real model with int8 forward and float32 backward: a part of tools/bench/engine.ts.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadCheckpoint, loadTokenizer, type Checkpoint, type RotaryDecoderConfig } from '@expctr/llm-lora';
import {
  adam,
  applyUpdates,
  compile,
  mapFrozen,
  quantize,
  specOf,
  type FrozenFormat,
  type FrozenMatrix,
  type HostArray,
  type HostFrozenMatrix,
  type HostTensor,
  type TensorSpec,
  type TensorTree,
} from '@expctr/tfjs-backend-onnx';
import { compileTrees, specsOf } from '../common/compile-trees.js';
import { mean } from '../common/measure.js';
import { lastJson, printed } from '../common/scripts.js';
import { llama, llamaParts, randomInputs, type Layer, type Lora } from './engine-models.js';
import { relativeError, timesInTurn } from './engine-programs.js';
import type { Row } from './engine-row.js';
import { WORK, type Figure } from './llm-work.js';

const NAMES = {
  q: 'self_attn.q_proj',
  k: 'self_attn.k_proj',
  v: 'self_attn.v_proj',
  o: 'self_attn.o_proj',
  gate: 'mlp.gate_proj',
  up: 'mlp.up_proj',
  down: 'mlp.down_proj',
} as const;
const STEPS = 50;
const LEARNING_RATE = 1e-3;

/** Which step to take. */
export interface IntegerStepOptions {
  /** Folder of the model. */
  readonly folder: string;
  readonly depth: number;
  readonly rounds: number;
  /** Names of matrices (q, k, v, o, gate, up, down, head) that stay float32 on both sides. */
  readonly kept: readonly string[];
  /** An interpreter with PEFT, which takes the same step in float32 in turn; without it our figures stand alone. */
  readonly python: string | undefined;
}

/** Adapters in JavaScript memory, as arrays or with their shapes. */
type HostAdapters = readonly Lora<HostArray | HostTensor>[];

/** A step: the loss, and gradients of the adapters; `at` says which text it reads. */
type Step = (adapters?: HostAdapters, at?: number) => Promise<{ value: HostTensor; grads: Lora<HostTensor>[] }>;

/** Beside float32: time, loss, gradients of A and B, and the loss curve of 50 steps of Adam from the same start on the same text. */
export async function integerStep({ folder, depth, rounds, kept, python }: IntegerStepOptions): Promise<{ row: Row; losses: string }> {
  const checkpoint = await loadCheckpoint(folder);
  if (checkpoint.family.name !== 'llama') throw new Error(`${folder} is a ${checkpoint.family.name}; the benchmark is for SmolLM2-135M`);
  const { ropeTheta } = checkpoint.config as RotaryDecoderConfig;
  const text = (await loadTokenizer(folder)).encodeText(readFileSync(join(folder, 'LICENSE'), 'utf8'));
  /** Four pieces of 256 tokens, other ones for each step; `shift` 1 gives the targets. */
  const piece = (step: number, shift: number): Int32Array =>
    Int32Array.from({ length: 1024 }, (_, i) => text[(300 * (4 * step + Math.floor(i / 256)) + (i % 256) + shift) % text.length]!);
  const noise = randomInputs(llama({ depth }).specs[0], { scale: 0.05 }); // B is not zero, so that A has a gradient

  async function side(format: FrozenFormat): Promise<{ run: Step; dispose: () => Promise<void> }> {
    const { layers, table } = await storedWeights(checkpoint, depth, (name, matrix) =>
      kept.includes(name) || format === 'float32' ? quantize(matrix, 'float32') : quantize(matrix, format, { float32Backward: true }),
    );
    const store = (shape: readonly [number, number]): FrozenMatrix<TensorSpec> => mapFrozen(ofShape(layers[0]!, table, shape), specOf);
    const { fn, specs } = llama({ depth, store, theta: ropeTheta });
    const compiled = await compile(fn, specs, { name: format, releaseMemory: true });
    const ends = { norm: tensorOf(checkpoint, 'model.norm'), embedding: tensorOf(checkpoint, 'model.embed_tokens'), table };
    return {
      run: async (adapters = noise, at = 0) => {
        const { value, grads } = await compiled.run([adapters, layers, ends, piece(at, 0), piece(at, 1)]);
        return { value, grads: [...grads] };
      },
      dispose: () => compiled.dispose(),
    };
  }
  const exact = await side('float32');
  const integer = await side('int8');
  const [a, b] = [await exact.run(), await integer.run()];
  const times = await timesInTurn({ float32: () => exact.run(), int8: () => integer.run() }, rounds);
  const peft = python === undefined ? {} : await peftStep(python, folder, times.int8.milliseconds);
  const curves = { float32: await lossCurve(exact.run, noise), int8: await lossCurve(integer.run, noise) };
  await Promise.all([exact.dispose(), integer.dispose()]);
  const gradients = (of: 'A' | 'B', grads: readonly Lora<HostTensor>[]): HostTensor[][] =>
    grads.map(({ qa, qb, va, vb }) => (of === 'A' ? [qa, va] : [qb, vb]));
  const row = {
    label: `step, ${depth} layers, int8${kept.length === 0 ? '' : ` but ${kept.join()}`}`,
    float32Milliseconds: times.float32.milliseconds,
    milliseconds: times.int8.milliseconds,
    speedup: 1 / times.int8.ratio,
    ...peft,
    float32Loss: a.value.data[0],
    loss: b.value.data[0],
    gradientErrorA: relativeError(gradients('A', b.grads), gradients('A', a.grads)),
    gradientErrorB: relativeError(gradients('B', b.grads), gradients('B', a.grads)),
  };
  return { row, losses: curveTable(curves) };
}

function tensorOf({ tensors, source }: Checkpoint, name: string): HostTensor {
  const tensor = tensors.get(`${name}.weight`);
  if (tensor === undefined) throw new Error(`${source} has no ${name}.weight`);
  return tensor;
}

type StoreMatrix = (name: string, matrix: HostTensor) => Promise<HostFrozenMatrix>;

/** Weights of the first layers and of the head, matrices as `store` makes them. */
async function storedWeights(
  checkpoint: Checkpoint,
  depth: number,
  store: StoreMatrix,
): Promise<{ layers: Layer<HostTensor>[]; table: HostFrozenMatrix }> {
  const layers: Layer<HostTensor>[] = [];
  for (let l = 0; l < depth; l += 1) {
    const named = (name: string): HostTensor => tensorOf(checkpoint, `model.layers.${l}.${name}`);
    const names = Object.keys(NAMES) as (keyof typeof NAMES)[];
    const stored = await Promise.all(names.map(async (key) => [key, await store(key, named(NAMES[key]))] as const));
    const matrices = Object.fromEntries(stored) as Record<keyof typeof NAMES, HostFrozenMatrix>;
    layers.push({ ...matrices, norm1: named('input_layernorm'), norm2: named('post_attention_layernorm') });
  }
  return { layers, table: await store('head', tensorOf(checkpoint, 'model.embed_tokens')) };
}

/** A matrix of the model of this shape, which is stored as all of that shape are. */
function ofShape(layer: Layer<HostTensor>, table: HostFrozenMatrix, [out, inner]: readonly [number, number]): HostFrozenMatrix {
  const names = Object.keys(NAMES) as (keyof typeof NAMES)[];
  const found = [...names.map((name) => layer[name]), table].find(({ float32 }) => float32?.shape[0] === out && float32.shape[1] === inner);
  if (found === undefined) throw new Error(`the model has no matrix [${out}, ${inner}]: the benchmark is for SmolLM2-135M`);
  return found;
}

/** The same step by PEFT in float32, in a process of its own. */
async function peftStep(python: string, folder: string, milliseconds: number): Promise<{ peftMilliseconds: number; ratio: number }> {
  const output = await printed([python, join(import.meta.dirname, 'llm_peer.py'), folder], JSON.stringify(WORK.step));
  const peftMilliseconds = 1000 * lastJson<Figure>(output).figure;
  return { peftMilliseconds, ratio: peftMilliseconds / milliseconds };
}

/** Losses of steps of Adam from A random and B zero. */
async function lossCurve(run: Step, noise: readonly Lora<HostArray>[]): Promise<number[]> {
  let adapters: HostAdapters = noise.map(({ qa, qb, va, vb }) => ({ qa, qb: qb.map(() => 0), va, vb: vb.map(() => 0) }));
  const { adapter } = llamaParts();
  const specs = noise.map(() => adapter);
  const optimizer = adam({ learningRate: LEARNING_RATE });
  const initial = await compileTrees<unknown>((tree: TensorTree) => optimizer.init(tree), [specs]);
  let state = await initial.run([adapters]);
  const apply = await compileTrees<{ adapters: Lora<HostTensor>[]; state: unknown }>(
    (tree: TensorTree, grads: TensorTree, held: TensorTree) => {
      const { updates, state: next } = optimizer.update(grads, held, tree);
      return { adapters: applyUpdates(tree, updates), state: next };
    },
    [specs, specs, specsOf(state)],
  );
  const losses: number[] = [];
  for (let step = 0; step < STEPS; step += 1) {
    const { value, grads } = await run(adapters, step);
    losses.push(value.data[0]!);
    ({ adapters, state } = await apply.run([adapters, grads, state]));
  }
  await Promise.all([initial.dispose(), apply.dispose()]);
  return losses;
}

function curveTable({ float32, int8 }: { readonly float32: readonly number[]; readonly int8: readonly number[] }): string {
  const rows = [0, 1, 2, 4, 9, 14, 19, 29, 39, 49].map(
    (at) => `${String(at + 1).padStart(4)}  ${float32[at]!.toFixed(4).padStart(8)}  ${int8[at]!.toFixed(4).padStart(8)}`,
  );
  return [
    `loss over ${STEPS} steps of Adam, rate ${LEARNING_RATE}`,
    'step   float32      int8',
    ...rows,
    `mean of the last 10: ${mean(float32.slice(-10)).toFixed(4)} and ${mean(int8.slice(-10)).toFixed(4)}`,
  ].join('\n');
}

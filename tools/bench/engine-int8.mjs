/** The LoRA step on a real model with int8 forward and float32 backward: a part of tools/bench/engine.mjs. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadCheckpoint, loadTokenizer } from '../../packages/llm-lora/dist/index.js';
import { adam, applyUpdates, compile, mapFrozen, mapTree, quantize, specOf } from '../../packages/tfjs-backend-onnx/dist/index.js';
import { llama, llamaParts, randomInputs } from './engine-models.mjs';
import { inTurn, relativeError } from './engine-programs.mjs';
import { WORK } from './llm-work.mjs';

const NAMES = {
  q: 'self_attn.q_proj',
  k: 'self_attn.k_proj',
  v: 'self_attn.v_proj',
  o: 'self_attn.o_proj',
  gate: 'mlp.gate_proj',
  up: 'mlp.up_proj',
  down: 'mlp.down_proj',
};
const STEPS = 50;
const LEARNING_RATE = 1e-3;

/**
 * Beside float32: time, loss, gradients of A and B, and the loss curve of 50 steps of Adam from the same start on the same text.
 * @param kept names of matrices (q, k, v, o, gate, up, down, head) that stay float32 on both sides
 * @param python an interpreter with PEFT, which takes the same step in float32 in turn; without it our figures stand alone
 */
export async function integerStep(folder, depth, rounds, kept, python) {
  const { tensors, config } = await loadCheckpoint(folder);
  const layers = Array.from({ length: depth }, (_, l) => {
    const named = (name) => tensors.get(`model.layers.${l}.${name}.weight`);
    const matrices = Object.fromEntries(Object.entries(NAMES).map(([key, name]) => [key, named(name)]));
    return { matrices, norm1: named('input_layernorm'), norm2: named('post_attention_layernorm') };
  });
  const embedding = tensors.get('model.embed_tokens.weight');
  const text = (await loadTokenizer(folder)).encodeText(readFileSync(join(folder, 'LICENSE'), 'utf8'));
  /** Four pieces of 256 tokens, other ones for each step; `shift` 1 gives the targets. */
  const piece = (step, shift) =>
    Int32Array.from({ length: 1024 }, (_, i) => text[(300 * (4 * step + Math.floor(i / 256)) + (i % 256) + shift) % text.length]);
  const { specs: shapes } = llama({ depth });
  const [noise] = randomInputs([shapes[0]], { scale: 0.05 }); // B is not zero, so that A has a gradient

  async function side(format) {
    const stored = (key, matrix) =>
      kept.includes(key) || format === 'float32' ? quantize(matrix, 'float32') : quantize(matrix, format, { float32Backward: true });
    const base = [];
    for (const { matrices, norm1, norm2 } of layers) {
      const entries = await Promise.all(Object.entries(matrices).map(async ([key, matrix]) => [key, await stored(key, matrix)]));
      base.push({ ...Object.fromEntries(entries), norm1, norm2 });
    }
    const table = await stored('head', embedding);
    const store = (shape) => mapFrozen(byShape(base[0], table, shape), specOf);
    const { fn, specs } = llama({ depth, store, theta: config.ropeTheta });
    const compiled = await compile(fn, specs, { name: format, releaseMemory: true });
    const ends = { norm: tensors.get('model.norm.weight'), embedding, table };
    const run = (adapters = noise, step = 0) => compiled.run([adapters, base, ends, piece(step, 0), piece(step, 1)]);
    return { run, dispose: () => compiled.dispose() };
  }
  const exact = await side('float32');
  const integer = await side('int8');
  const [a, b] = [await exact.run(), await integer.run()];
  const gradientOf = ({ grads }, factor) => grads.map((layer) => [layer[`q${factor}`], layer[`v${factor}`]]);
  const times = await inTurn({ float32: () => exact.run(), int8: () => integer.run() }, rounds);
  const peft = python === undefined ? {} : peftStep(python, folder, times.int8.milliseconds);
  const curves = { float32: await lossCurve(exact.run, noise), int8: await lossCurve(integer.run, noise) };
  await Promise.all([exact.dispose(), integer.dispose()]);
  const row = {
    label: `step, ${depth} layers, int8${kept.length === 0 ? '' : ` but ${kept.join()}`}`,
    float32Milliseconds: times.float32.milliseconds,
    milliseconds: times.int8.milliseconds,
    speedup: 1 / times.int8.ratio,
    ...peft,
    float32Loss: a.value.data[0],
    loss: b.value.data[0],
    gradientErrorA: relativeError(gradientOf(b, 'a'), gradientOf(a, 'a')),
    gradientErrorB: relativeError(gradientOf(b, 'b'), gradientOf(a, 'b')),
  };
  return { row, losses: curveTable(curves) };
}

/** The same step by PEFT in float32, in a process of its own. */
function peftStep(python, folder, milliseconds) {
  const output = execFileSync(python, [join(import.meta.dirname, 'llm_peer.py'), folder, JSON.stringify(WORK.step)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'], // it shows progress; where it fails, the error holds what it said
  });
  const peftMilliseconds = 1000 * JSON.parse(output.trim().split('\n').at(-1)).figure;
  return { peftMilliseconds, ratio: peftMilliseconds / milliseconds };
}

/** Losses of steps of Adam from A random and B zero. */
async function lossCurve(run, noise) {
  let adapters = noise.map(({ qa, qb, va, vb }) => ({ qa, qb: qb.map(() => 0), va, vb: vb.map(() => 0) }));
  const { adapter } = llamaParts();
  const specs = noise.map(() => adapter);
  const optimizer = adam({ learningRate: LEARNING_RATE });
  const initial = await compile((tree) => optimizer.init(tree), [specs]);
  let state = await initial.run([adapters]);
  const apply = await compile(
    (tree, grads, held) => {
      const { updates, state: next } = optimizer.update(grads, held, tree);
      return { adapters: applyUpdates(tree, updates), state: next };
    },
    [specs, specs, mapTree(state, specOf)],
  );
  const losses = [];
  for (let step = 0; step < STEPS; step += 1) {
    const { value, grads } = await run(adapters, step);
    losses.push(value.data[0]);
    ({ adapters, state } = await apply.run([adapters, grads, state]));
  }
  await Promise.all([initial.dispose(), apply.dispose()]);
  return losses;
}

function curveTable({ float32, int8 }) {
  const rows = [0, 1, 2, 4, 9, 14, 19, 29, 39, 49].map(
    (at) => `${String(at + 1).padStart(4)}  ${float32[at].toFixed(4).padStart(8)}  ${int8[at].toFixed(4).padStart(8)}`,
  );
  const mean = (losses) => losses.slice(-10).reduce((sum, loss) => sum + loss, 0) / 10;
  return [
    `loss over ${STEPS} steps of Adam, rate ${LEARNING_RATE}`,
    'step   float32      int8',
    ...rows,
    `mean of the last 10: ${mean(float32).toFixed(4)} and ${mean(int8).toFixed(4)}`,
  ].join('\n');
}

/** A matrix of the model of this shape, which is stored as all of that shape are. */
function byShape(layer, table, shape) {
  const [out, inner] = shape;
  const size = (matrix) => matrix.float32.shape;
  return [...Object.values(layer), table].find(
    (matrix) => matrix.float32 !== undefined && size(matrix)[0] === out && size(matrix)[1] === inner,
  );
}

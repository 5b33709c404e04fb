/**
 * What programs of the engine cost, beside each other: parts of tools/bench/engine.mjs. Every comparison runs its sides in turn and
 * gives the median of the ratios, because others may compute on the machine. Starting times are given as CPU time too.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { loadCheckpoint, loadTokenizer } from '../../packages/llm-lora/dist/index.js';
import {
  checkpoint,
  compile,
  flattenTree,
  loadCompiled,
  mapFrozen,
  quantize,
  scanBlocks,
  spec,
  specOf,
  valueAndGradWithAux,
} from '../../packages/tfjs-backend-onnx/dist/index.js';
import { llama, llamaParts, randomInputs } from './engine-models.mjs';

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

async function timed(task) {
  const [cpu, started] = [process.cpuUsage(), performance.now()];
  const result = await task();
  const { user, system } = process.cpuUsage(cpu);
  return { result, milliseconds: performance.now() - started, cpuMilliseconds: (user + system) / 1000 };
}

/** Runs the sides in turn, after one run each that does not count. @returns fastest milliseconds and median ratio to the first side */
async function inTurn(sides, rounds) {
  for (const run of Object.values(sides)) await run();
  const times = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, run] of Object.entries(sides)) times[name].push((await timed(run)).milliseconds);
  }
  const [first] = Object.values(times);
  return Object.fromEntries(
    Object.entries(times).map(([name, list]) => [
      name,
      { milliseconds: Math.min(...list), ratio: median(list.map((each, i) => each / first[i])) },
    ]),
  );
}

/** A call with 100 inputs of one number each and next to no work: what is not kernels. */
export async function callOverhead(rounds) {
  const sum = (numbers) => tf.addN(numbers);
  const fn = await compile(sum, [Array.from({ length: 100 }, () => spec([1]))], { name: 'sum', threads: 1 });
  const inputs = [Array.from({ length: 100 }, () => Float32Array.of(1))];
  const batches = [];
  for (let round = 0; round < 20 * rounds; round += 1) {
    const started = performance.now();
    for (let i = 0; i < 20; i += 1) await fn.run(inputs);
    batches.push((performance.now() - started) / 20);
  }
  await fn.dispose();
  return { label: 'call, 100 inputs', bestMilliseconds: Math.min(...batches), medianMilliseconds: median(batches) };
}

/** From a function to a first run can begin: traced, loaded, and one block for all layers. */
export async function starts(depth) {
  const folder = mkdtempSync(join(tmpdir(), 'engine-starts-'));
  const path = join(folder, 'step.onnx');
  try {
    const { fn, specs } = llama({ depth });
    const first = await timed(() => compile(fn, specs, { name: 'llama' }));
    await first.result.save(path);
    await first.result.dispose();
    const second = await timed(() => loadCompiled(path));
    await second.result.dispose();
    const { base, adapter, sizes, block } = llamaParts();
    const carry = spec([sizes.tokens, sizes.width]);
    const scanned = await timed(() => scanBlocks((t, f, x) => block(t, f, x), { trained: adapter, frozen: base, carry, shared: {} }));
    await scanned.result.dispose();
    const row = (label, { milliseconds, cpuMilliseconds }) => ({ label, milliseconds, cpuMilliseconds });
    return [
      { ...row(`start, ${depth} layers, traced`, first), nodes: first.result.stats.nodes },
      row(`start, ${depth} layers, saved`, second),
      row('start, one block for all', scanned),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The LoRA step of `depth` layers as one graph, with its layers computed again, and as one block for all. */
export async function waysToStep(depth, rounds) {
  const { fn, specs, vocabulary } = llama({ depth });
  const inputs = randomInputs(specs, { integers: vocabulary, scale: 0.06 });
  const plain = await compile(fn, specs, { name: 'plain', releaseMemory: true });
  const again = await compile(llama({ depth, wrap: checkpoint }).fn, specs, { name: 'again', releaseMemory: true });
  const { base, adapter, ends, ids, sizes, block, embed, head } = llamaParts();
  const carry = spec([sizes.tokens, sizes.width]);
  const blocks = await scanBlocks(
    (t, f, x) => block(t, f, x),
    { trained: adapter, frozen: base, carry, shared: {} },
    { releaseMemory: true },
  );
  const first = await compile(({ embedding }, tokens) => embed(embedding, tokens), [ends, ids]);
  const lossOf = valueAndGradWithAux((x, { norm, embedding, table }, targets) => ({
    loss: head(norm, embedding, table, x, targets),
    aux: [],
  }));
  const last = await compile(lossOf, [carry, ends, ids], { releaseMemory: true });
  const [adapters, layers, weights, tokens, targets] = inputs;
  const stack = layers.map((frozen, i) => ({ trained: adapters[i], frozen }));
  const scan = async () => {
    const { carry: state, before } = await blocks.forward(stack, await first.run([weights, tokens]), {});
    const { value, grads } = await last.run([state, weights, targets]);
    return { value, grads: (await blocks.backward(stack, before, {}, grads)).trained };
  };
  const sides = { 'one graph': () => plain.run(inputs), 'layers computed again': () => again.run(inputs), 'one block for all': scan };
  const results = await inTurn(sides, rounds);
  const error = relativeError((await scan()).grads, (await plain.run(inputs)).grads);
  await Promise.all([plain, again, blocks, first, last].map((each) => each.dispose()));
  return Object.entries(results).map(([name, { milliseconds, ratio }]) => ({
    label: `step, ${depth} layers, ${name}`,
    milliseconds,
    ratio,
    ...(name === 'one block for all' ? { gradientError: error } : {}),
  }));
}

/** Root mean square of the difference of all leaves over that of the second tree. */
function relativeError(actual, expected) {
  const [a, b] = [actual, expected].map((tree) => flattenTree(tree));
  let [difference, size] = [0, 0];
  b.forEach(({ data }, leaf) =>
    data.forEach((value, i) => {
      difference += (a[leaf].data[i] - value) ** 2;
      size += value ** 2;
    }),
  );
  return Math.sqrt(difference / size);
}

/**
 * The LoRA step on a real model with int8 forward and float32 backward beside float32: time, loss, gradients of A and B.
 * @param kept names of matrices (q, k, v, o, gate, up, down, head) that stay float32 on both sides
 */
export async function integerStep(folder, depth, rounds, kept) {
  const { tensors, config } = await loadCheckpoint(folder);
  const names = {
    q: 'self_attn.q_proj',
    k: 'self_attn.k_proj',
    v: 'self_attn.v_proj',
    o: 'self_attn.o_proj',
    gate: 'mlp.gate_proj',
    up: 'mlp.up_proj',
    down: 'mlp.down_proj',
  };
  const layers = Array.from({ length: depth }, (_, l) => {
    const named = (name) => tensors.get(`model.layers.${l}.${name}.weight`);
    const matrices = Object.fromEntries(Object.entries(names).map(([key, name]) => [key, named(name)]));
    return { matrices, norm1: named('input_layernorm'), norm2: named('post_attention_layernorm') };
  });
  const embedding = tensors.get('model.embed_tokens.weight');
  const text = readFileSync(join(folder, 'LICENSE'), 'utf8');
  const known = (await loadTokenizer(folder)).encodeText(text);
  const at = (offset) =>
    Int32Array.from({ length: 1024 }, (_, i) => known[(Math.floor(i / 256) * 300 + (i % 256) + offset) % known.length]);
  const { specs: shapes } = llama({ depth });
  const [adapters] = randomInputs([shapes[0]], { scale: 0.05 }); // B is not zero, so that A has a gradient

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
    const inputs = [adapters, base, { norm: tensors.get('model.norm.weight'), embedding, table }, at(0), at(1)];
    return { run: () => compiled.run(inputs), dispose: () => compiled.dispose() };
  }
  const exact = await side('float32');
  const integer = await side('int8');
  const [a, b] = [await exact.run(), await integer.run()];
  const gradientOf = ({ grads }, factor) => grads.map((layer) => [layer[`q${factor}`], layer[`v${factor}`]]);
  const times = await inTurn({ float32: exact.run, int8: integer.run }, rounds);
  await Promise.all([exact.dispose(), integer.dispose()]);
  return {
    label: `step, ${depth} layers, int8${kept.length === 0 ? '' : ` but ${kept.join()}`}`,
    float32Milliseconds: times.float32.milliseconds,
    milliseconds: times.int8.milliseconds,
    speedup: 1 / times.int8.ratio,
    float32Loss: a.value.data[0],
    loss: b.value.data[0],
    gradientErrorA: relativeError(gradientOf(b, 'a'), gradientOf(a, 'a')),
    gradientErrorB: relativeError(gradientOf(b, 'b'), gradientOf(a, 'b')),
  };
}

/** A matrix of the model of this shape, which is stored as all of that shape are. */
function byShape(layer, table, shape) {
  const [out, inner] = shape;
  const size = (matrix) => matrix.float32.shape;
  return [...Object.values(layer), table].find(
    (matrix) => matrix.float32 !== undefined && size(matrix)[0] === out && size(matrix)[1] === inner,
  );
}

/** Peak memory of a LoRA step on a real model, each in a process of its own. */
export function peaks(folder) {
  const script = new URL('engine-memory.mjs', import.meta.url).pathname;
  return [
    ['at once', { batchTokens: 1024 }],
    ['at once, layers computed again', { batchTokens: 1024, recomputeLayers: true }],
    ['one sequence at a time (default)', {}],
  ].map(([label, limits]) => {
    const output = execFileSync(process.execPath, [script, folder, JSON.stringify(limits)], { encoding: 'utf8' });
    return { label: `peak, ${label}`, ...JSON.parse(output.trim().split('\n').at(-1)) };
  });
}

/**
 * What programs of the engine cost, beside each other: parts of tools/bench/engine.mjs. Every comparison runs its sides in turn and
 * gives the median of the ratios, because others may compute on the machine. Starting times are given as CPU time too.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import {
  checkpoint,
  compile,
  flattenTree,
  loadCompiled,
  scanBlocks,
  spec,
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
export async function inTurn(sides, rounds) {
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
export function relativeError(actual, expected) {
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

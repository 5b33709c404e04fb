// The engine beside torch: matrix products inside a graph, the DeepFM step without tables, a LoRA step. And beside itself: the cost of
// a call, starts (traced, saved, one block for all layers), ways to take a LoRA step, int8 products, peak memory.
//
// usage: node tools/bench/engine.mjs [--python PYTHON] [--rounds 10] [--only NAME] [--depth 30] [--model FOLDER] [--json]
//   --only    product, deepfm, call, start; and what is left out unless asked for: llama, ways, int8, memory, describe
//   --keep    matrices that int8 leaves as float32, of q,k,v,o,gate,up,down,head
//   --model   SmolLM2-135M, for int8 and memory; where it is given, memory is printed without being asked for
//   --python  an interpreter with torch; without it the engine's own figures stand alone
//   --depth   layers of the SmolLM2-135M-shaped LoRA step (4 x 256 tokens, rank 16); it is left out unless --only llama asks for it
// Build first (npm run build). In each round ours and the peer's run once, in turn, so that a slow minute hits both; the figure is the
// fastest of the rounds, for these are computations of fixed length and all that varies is the disturbance.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { compile, describe, spec, useOnnx } from '../../packages/tfjs-backend-onnx/dist/index.js';
import { deepfm, llama, randomInputs } from './engine-models.mjs';
import { callOverhead, peaks, starts, waysToStep } from './engine-programs.mjs';
import { integerStep } from './engine-int8.mjs';

const { values } = parseArgs({
  options: {
    python: { type: 'string' },
    rounds: { type: 'string', default: '10' },
    only: { type: 'string' },
    depth: { type: 'string', default: '30' },
    model: { type: 'string' },
    keep: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});
const [rounds, depth] = [values.rounds, values.depth].map(Number);
const threads = availableParallelism();
const peer = await startPeer(values.python);
await useOnnx();

/** The peer's process: one line asks, one line answers. */
async function startPeer(python) {
  if (python === undefined) return skipped('no --python was given');
  if (!existsSync(python)) return skipped(`${python} does not exist`);
  const child = spawn(python, [new URL('engine-peer.py', import.meta.url).pathname, String(threads)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.done) return skipped(`${python} has no torch`);
  const ask = async (work) => {
    child.stdin.write(`${JSON.stringify(work)}\n`);
    const { done, value } = await lines.next();
    if (done) throw new Error(`the peer ended while it ran ${JSON.stringify(work)}`);
    return JSON.parse(value);
  };
  return { about: JSON.parse(first.value), ask, close: () => child.stdin.end() };
}

function skipped(reason) {
  console.error(`peer skipped: ${reason}`);
  return undefined;
}

/** Fastest milliseconds of ours and the peer's, taken in turn. */
async function compare(label, { fn, specs, name, integers, scale }, work, flops) {
  const compiled = await compile(fn, specs, { name });
  const inputs = randomInputs(specs, { integers, scale });
  await compiled.run(inputs);
  const [ours, theirs] = [[], []];
  let peakMegabytes;
  for (let round = 0; round < rounds; round += 1) {
    const started = performance.now();
    await compiled.run(inputs);
    ours.push(performance.now() - started);
    if (peer !== undefined) {
      const answer = await peer.ask(work);
      theirs.push(answer.milliseconds);
      ({ peakMegabytes } = answer);
    }
  }
  const { traceMilliseconds, sessionMilliseconds, nodes, tracedNodes } = compiled.stats;
  await compiled.dispose();
  const milliseconds = Math.min(...ours);
  const row = { label, milliseconds, gflops: flops === undefined ? undefined : flops / milliseconds / 1e6, nodes, tracedNodes };
  if (theirs.length > 0) Object.assign(row, { peerMilliseconds: Math.min(...theirs), ratio: Math.min(...theirs) / milliseconds });
  if (name === 'llama')
    Object.assign(row, {
      traceMilliseconds,
      sessionMilliseconds,
      peakMegabytes: process.resourceUsage().maxRSS / 1e3,
      peerPeakMegabytes: peakMegabytes,
    });
  print(row);
  return row;
}

function print(row) {
  if (values.json) return;
  const shown = Object.entries(row).filter(([key, value]) => key !== 'label' && value !== undefined);
  console.log(
    row.label.padEnd(28),
    shown.map(([key, value]) => `${key} ${value >= 100 ? value.toFixed(0) : +value.toFixed(3)}`).join('  '),
  );
}

const rows = [];
const NAMES = ['product', 'deepfm', 'call', 'start', 'llama', 'ways', 'int8', 'memory', 'describe'];
if (values.only !== undefined && !NAMES.includes(values.only)) {
  console.error(`there is no "${values.only}" to measure; --only takes one of ${NAMES.join(', ')}`);
  process.exit(2);
}
const wanted = (name) => values.only === undefined || values.only === name;
if (!values.json)
  console.log(`threads ${threads}`, peer === undefined ? '' : `torch ${peer.about.torch}`, 'ratio = peer / ours, higher is better');
if (wanted('product')) {
  for (const size of [512, 1024, 2048]) {
    for (const [a, b] of [
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ]) {
      const specs = [spec([size, size]), spec([size, size])];
      const fn = (x, y) => tf.sum(tf.matMul(x, y, a, b));
      rows.push(
        await compare(
          `product ${size} ${a ? 'T' : 'N'}${b ? 'T' : 'N'}`,
          { fn, specs, name: 'product', scale: 1 },
          ['product', size, a, b],
          2 * size ** 3,
        ),
      );
    }
  }
}
if (wanted('deepfm')) {
  const { fn, specs } = deepfm();
  const products = 2 * 3 * 4096 * (96 * 400 + 400 * 400 * 2 + 400);
  rows.push(await compare('DeepFM step, batch 4096', { fn, specs, name: 'deepfm', integers: 2, scale: 0.1 }, ['deepfm'], products));
  const best = Math.max(
    ...rows.filter(({ label }) => label.startsWith('product')).flatMap(({ gflops, ratio = 1 }) => [gflops, gflops / ratio]),
  );
  if (best > 0) show([{ label: 'DeepFM, share of best GEMM', share: rows.at(-1).gflops / best, bestGflops: best }]);
}
if (values.only === 'llama') {
  const { fn, specs, vocabulary } = llama({ depth });
  rows.push(await compare(`LoRA step, ${depth} layers`, { fn, specs, name: 'llama', integers: vocabulary, scale: 0.06 }, ['llama', depth]));
}
function show(found) {
  for (const row of found) print(row);
  rows.push(...found);
}
if (wanted('call')) show([await callOverhead(rounds)]);
if (wanted('start')) show(await starts(depth));
if (values.only === 'describe') {
  const { fn, specs } = deepfm();
  const compiled = await compile(fn, specs, { name: 'DeepFM step, batch 4096' });
  console.log(String(await describe(compiled, { inputs: randomInputs(specs, { integers: 2, scale: 0.1 }), runs: rounds })));
  await compiled.dispose();
}
if (values.only === 'ways') show(await waysToStep(depth, rounds));
if (values.model === undefined && ['int8', 'memory'].includes(values.only)) throw new Error(`--only ${values.only} needs --model FOLDER`);
if (values.only === 'int8') {
  const kept = values.keep.split(',').filter(Boolean);
  const { row, losses } = await integerStep(values.model, depth, rounds, kept, values.python);
  show([row]);
  if (!values.json) console.log(losses);
}
if (values.model !== undefined && wanted('memory')) show(peaks(values.model));
if (values.json) console.log(JSON.stringify(rows, undefined, 2));
peer?.close();

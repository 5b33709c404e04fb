// Pre-trains the testbed's small Llama with our own engine, on text of simulated users and items that no evaluation has.
// usage: npm run pretrain -- [--out FOLDER] [--steps N] [--minutes M] [--seed TEXT] [--threads N] [--every N] [--learning-rate X]
//   [--held-out N] [--generated N] (situations behind the gates, and how many of them the last gates write about; on the way 144)
// Goes on from FOLDER's checkpoint where there is one. FOLDER then holds loss.csv (the loss curve), gates.jsonl and gates.json (what the
// model can and cannot do), checkpoint.safetensors, and in model/ the model as packages/testbed/model has it, with its card.
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createRng, writeFileAtomic } from '@expctr/core';
import { readSafetensors, writeSafetensors } from '@expctr/llm-lora';
import { mapTreeWithPath, useOnnx } from '@expctr/tfjs-backend-onnx';
import { batches, lessons } from '../../packages/testbed/dist/text/batches.js';
import { KINDS } from '../../packages/testbed/dist/text/lessons.js';
import { VOCABULARY } from '../../packages/testbed/dist/text/tokenizer.js';
import { writeTestbedModel } from '../../packages/testbed/dist/model/write-model.js';
import { cardOf } from './card.mjs';
import { GATES, heldOut, measureGates } from './gates.mjs';
import { compileForward, compileStep, initialTensors, llamaConfig, namedTensors, parameterTree } from './model.mjs';

const SIZE = { hidden: 128, layers: 4, heads: 4, intermediate: 344, maxPositions: 256 };
const SHAPE = { rows: 24, time: 64 };
const MIX = { writers: { careful: 0.4, generic: 0.45, careless: 0.15 }, reader: 2, history: 0.4 };
// Careful text counts in full: it alone teaches that signs depend on notes. An answer is one token of a lesson, and worth a whole text.
const WEIGHTS = { notes: 0.5, careful: 1, other: 0.5, reader: 8, history: 4 };
const CHECKPOINT_EVERY = 100;

const { values: given } = parseArgs({
  options: {
    out: { type: 'string', default: 'runs/pretrain' },
    steps: { type: 'string', default: '24000' },
    minutes: { type: 'string', default: '180' },
    seed: { type: 'string', default: 'testbed-llama' },
    threads: { type: 'string', default: '2' },
    every: { type: 'string', default: '500' },
    'learning-rate': { type: 'string', default: '0.002' },
    'held-out': { type: 'string', default: '480' },
    generated: { type: 'string', default: '480' },
  },
});
const number = (name) => Number(given[name]);
const [steps, every, threads, peak] = ['steps', 'every', 'threads', 'learning-rate'].map(number);
const deadline = performance.now() + 60_000 * number('minutes');
const { out, seed } = given;
const file = (name) => join(out, name);

await useOnnx();
await mkdir(out, { recursive: true });
const config = llamaConfig(SIZE, VOCABULARY.length);
let parameters = parameterTree(config, initialTensors(SIZE, VOCABULARY.length, createRng(seed).fork('weights')));
const step = await compileStep(config, parameters, { ...SHAPE, threads, weights: WEIGHTS });
const forward = await compileForward(config, parameters, { ...SHAPE, threads });
let { state } = step;
let done = 0;
if (existsSync(file('checkpoint.safetensors'))) {
  const { tensors, metadata } = await readSafetensors(file('checkpoint.safetensors'));
  const restored = (name, tree) => mapTreeWithPath(tree, (_, path) => tensors.get(`${name}.${path}`));
  [parameters, state, done] = [restored('parameters', parameters), restored('state', state), Number(metadata.step)];
  process.stdout.write(`goes on at step ${done}\n`);
} else {
  await writeFileAtomic(file('loss.csv'), `step,tokens,learning_rate,${KINDS.slice(1).join(',')},tokens_per_second\n`);
}

const situations = heldOut(number('held-out'));
// A resumed run has lessons of its own: seeds of worlds begin with the step at which it began.
const source = batches(lessons({ seed: `${seed}/${done}`, ...MIX }), SHAPE.rows, SHAPE.time);
let sums = new Float64Array(KINDS.length);
let counts = new Float64Array(KINDS.length);
let [tokens, began] = [0, performance.now()];
const started = { at: performance.now(), step: done };
/** Warm-up, then linear to a twentieth; where time ends first, by time. */
function learningRate() {
  const byTime = 1 - (deadline - performance.now()) / (60_000 * number('minutes'));
  const share = Math.min(1, Math.max(done / steps, byTime));
  return peak * Math.min(1, (done + 1) / 200) * (0.05 + 0.95 * (1 - share));
}

while (done < steps && performance.now() < deadline) {
  const batch = source.next().value;
  const rate = learningRate();
  const result = await step.run(parameters, state, batch, rate);
  ({ parameters, state } = result);
  done += 1;
  result.sums.data.forEach((value, kind) => (sums[kind] += value));
  result.counts.data.forEach((value, kind) => (counts[kind] += value));
  tokens += batch.segments.reduce((sum, segment) => sum + (segment > 0 ? 1 : 0), 0);
  if (done % 50 === 0) {
    const speed = (1000 * tokens) / (performance.now() - began);
    const losses = KINDS.slice(1).map((_, at) => sums[at + 1] / counts[at + 1]);
    const shown = losses.map((loss) => loss.toFixed(4));
    await appendFile(
      file('loss.csv'),
      `${done},${done * SHAPE.rows * SHAPE.time},${rate.toExponential(3)},${shown.join(',')},${Math.round(speed)}\n`,
    );
    process.stdout.write(
      `step ${done}  ${KINDS.slice(1)
        .map((kind, at) => `${kind} ${shown[at]}`)
        .join('  ')}  ${Math.round(speed)} tokens/s\n`,
    );
    [sums, counts, tokens, began] = [new Float64Array(KINDS.length), new Float64Array(KINDS.length), 0, performance.now()];
  }
  if (done % CHECKPOINT_EVERY === 0) await checkpoint();
  if (done % every === 0) {
    await gates(Math.min(144, number('generated')));
    [tokens, began] = [0, performance.now()];
  }
}
await checkpoint();
const tensors = namedTensors(parameters);
const card = cardOf({
  seed,
  size: SIZE,
  vocabulary: VOCABULARY.length,
  parameterCount: [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0),
  shape: SHAPE,
  mix: MIX,
  weights: WEIGHTS,
  peak,
  steps: done,
  tokens: done * SHAPE.rows * SHAPE.time,
  curve: await lossCurve(),
  figures: await gates(number('generated')),
  situations: situations.length,
});
await writeTestbedModel(file('model'), {
  architecture: { ...SIZE, keyValueHeads: SIZE.heads, tied: true, vocabulary: VOCABULARY.length, seed: 0 },
  tensors,
  card,
});
process.stdout.write(`${done - started.step} steps in ${((performance.now() - started.at) / 60_000).toFixed(1)} minutes\n`);

/** @param generated explanations behind the figures of what it writes: of 144, one claim in 260 is 0.4 % */
async function gates(generated) {
  const figures = await measureGates({ forward, ...SHAPE }, parameters, situations, { generated });
  await writeFileAtomic(file('gates.json'), `${JSON.stringify({ step: done, ...figures }, null, 2)}\n`);
  await appendFile(
    file('gates.jsonl'),
    `${JSON.stringify({ step: done, ...Object.fromEntries(Object.entries(figures).filter(([, value]) => typeof value === 'number')) })}\n`,
  );
  const shown = (value) => (typeof value === 'number' ? value.toFixed(3) : value);
  const lines = Object.entries(GATES).map(
    ([name, { wanted, passes, what }]) => `  ${passes(figures[name]) ? 'ok  ' : 'FAIL'} ${shown(figures[name])} (${wanted}) ${what}`,
  );
  const others = Object.entries(figures)
    .filter(([name, value]) => !(name in GATES) && typeof value === 'number')
    .map(([name, value]) => `${name} ${shown(value)}`);
  process.stdout.write(
    `gates at step ${done}\n${lines.join('\n')}\n  ${others.join('  ')}\n  ${figures.textsSampled.slice(0, 3).join('\n  ')}\n`,
  );
  return figures;
}

/** The loss curve: lines of loss.csv as numbers by column. */
async function lossCurve() {
  const [head, ...lines] = (await readFile(file('loss.csv'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  return lines.map((line) => Object.fromEntries(head.map((name, at) => [name, Number(line[at])])));
}

async function checkpoint() {
  const flat = new Map();
  mapTreeWithPath(parameters, (leaf, path) => flat.set(`parameters.${path}`, leaf));
  mapTreeWithPath(state, (leaf, path) => flat.set(`state.${path}`, leaf));
  await writeSafetensors(file('checkpoint.safetensors'), flat, { metadata: { step: String(done) } });
}

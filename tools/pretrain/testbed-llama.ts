// Pre-trains the testbed's small Llama with our own engine, on text of simulated users and items that no evaluation has.
// usage: npm run pretrain -- [--out FOLDER] [--steps N] [--minutes M] [--seed TEXT] [--threads N] [--every N] [--learning-rate X]
//   [--held-out N] [--generated N] (situations behind the gates, and how many of them the last gates write about; on the way 144)
// Goes on from FOLDER's checkpoint where there is one. FOLDER then holds loss.csv (the loss curve), gates.jsonl and gates.json (what the
// model can and cannot do), checkpoint.safetensors, and in model/ the model as packages/testbed/model has it, with its card.
import { existsSync } from 'node:fs';
import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createRng, writeFileAtomic } from '@expctr/core';
import { readSafetensors, writeSafetensors } from '@expctr/llm-lora';
import { batches, KINDS, lessons, VOCABULARY, writeTestbedModel, type LessonBatch, type LessonMix } from '@expctr/testbed/pretraining';
import { useOnnx, type HostTensor } from '@expctr/tfjs-backend-onnx';
import { finiteNumber, toolArguments, wholeNumber } from '../common/arguments.js';
import { processor } from '../common/measure.js';
import { cardOf } from './card.js';
import { GATES, heldOut, judged, measureGates, type Figures } from './gates.js';
import { addLossLine, beginLossFile, readLossFile, TAUGHT } from './loss-file.js';
import { compileForward, compileStep, initialTensors, llamaConfig, mapHost, namedTensors, trainedTree } from './model.js';

const SIZE = { hidden: 128, layers: 4, heads: 4, intermediate: 344, maxPositions: 256 };
const SHAPE = { rows: 32, time: 128 };
const WRITERS = { careful: 0.4, generic: 0.45, careless: 0.15 };
/**
 * What words mean comes first, for all else follows from it; then reading, writing and answering in turn. A reader, whose answers are one
 * token each, learns last to look whether the item has what it reads of.
 */
const PHASES: readonly { readonly from: number; readonly mix: Omit<LessonMix, 'seed'> }[] = [
  { from: 0, mix: { writers: WRITERS, degrees: 2, reader: 1, history: 0.3, secondDomain: 0.25 } },
  { from: 2900, mix: { writers: WRITERS, degrees: 1, reader: 3, history: 1, secondDomain: 0.25 } },
  { from: 5200, mix: { writers: WRITERS, degrees: 0.4, reader: 2, history: 0.8, secondDomain: 0.25 } },
  { from: 7700, mix: { writers: WRITERS, degrees: 0.2, reader: 1, history: 1.5, secondDomain: 0.25 } },
  { from: 10252, mix: { writers: WRITERS, degrees: 0.1, reader: 6, history: 0.3, secondDomain: 0.25 } },
  { from: 14800, mix: { writers: WRITERS, degrees: 0.2, reader: 2, history: 0.5, secondDomain: 0.25 } },
];
// Degrees alone teach what words mean, and careful text that claims follow from it. An answer is one token of a lesson, and worth a text.
const WEIGHTS = { profile: 0.25, degrees: 1, careful: 1, other: 0.5, reader: 4, history: 2 };
const CHECKPOINT_EVERY = 100;
const WARM_UP = 200;
/** Steps behind a line of the loss curve. */
const LINE_EVERY = 50;

const { values: given } = toolArguments({
  out: { type: 'string', default: 'runs/pretrain' },
  steps: { type: 'string', default: '20000' },
  minutes: { type: 'string', default: '240' },
  seed: { type: 'string', default: 'testbed-llama' },
  threads: { type: 'string', default: '2' },
  every: { type: 'string', default: '500' },
  'learning-rate': { type: 'string', default: '0.002' },
  'held-out': { type: 'string', default: '480' },
  generated: { type: 'string', default: '480' },
});
const { out, seed } = given;
const [steps, every, threads] = (['steps', 'every', 'threads'] as const).map((name) => wholeNumber(`--${name}`, given[name])) as [
  number,
  number,
  number,
];
const [heldOutCount, generated] = [wholeNumber('--held-out', given['held-out']), wholeNumber('--generated', given.generated)];
const peak = finiteNumber('--learning-rate', given['learning-rate']);
const milliseconds = 60_000 * finiteNumber('--minutes', given.minutes);
const deadline = performance.now() + milliseconds;
const file = (name: string): string => join(out, name);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

print(processor());
await useOnnx();
await mkdir(out, { recursive: true });
const config = llamaConfig(SIZE, VOCABULARY.length);
let trained = trainedTree(config, initialTensors(SIZE, VOCABULARY.length, createRng(seed).fork('weights')));
const step = await compileStep(config, trained, { ...SHAPE, threads, weights: WEIGHTS });
const forward = await compileForward(config, trained, { ...SHAPE, threads });
let { state } = step;
let done = 0;
if (existsSync(file('checkpoint.safetensors'))) await restore();
else await beginLossFile(file('loss.csv'));

const situations = heldOut(heldOutCount);
let source = lessonsFrom(done);
let window = newWindow();
const started = { at: performance.now(), step: done };
while (done < steps && performance.now() < deadline) {
  if (PHASES.some(({ from }) => from > 0 && from === done)) source = lessonsFrom(done);
  await trainOn(nextBatch());
  if (done % CHECKPOINT_EVERY === 0) await checkpoint();
  if (done % every === 0) {
    await gates(Math.min(144, generated));
    window = { ...window, tokens: 0, began: performance.now() };
  }
}
await checkpoint();
await writeModel(await gates(generated));
print(`${done - started.step} steps in ${((performance.now() - started.at) / 60_000).toFixed(1)} minutes`);

/** Sums since the last line of the loss curve. */
function newWindow(): { sums: Float64Array; counts: Float64Array; tokens: number; began: number } {
  return { sums: new Float64Array(KINDS.length), counts: new Float64Array(KINDS.length), tokens: 0, began: performance.now() };
}

/** A resumed run and each phase have lessons of their own: seeds of worlds begin with the step at which they began. */
function lessonsFrom(begin: number): Iterator<LessonBatch, void> {
  const { mix } = PHASES.findLast(({ from }) => from <= begin)!;
  return batches(lessons({ seed: `${seed}/${begin}`, ...mix }), SHAPE.rows, SHAPE.time);
}

function nextBatch(): LessonBatch {
  const next = source.next();
  if (next.done === true) throw new Error('the lessons have ended'); // they are endless
  return next.value;
}

/** Warm-up, then linear to a twentieth; where time ends first, by time. */
function learningRate(): number {
  const byTime = 1 - (deadline - performance.now()) / milliseconds;
  const share = Math.min(1, Math.max(done / steps, byTime));
  return peak * Math.min(1, (done + 1) / WARM_UP) * (0.05 + 0.95 * (1 - share));
}

async function trainOn(batch: LessonBatch): Promise<void> {
  const rate = learningRate();
  const result = await step.run(trained, state, batch, rate);
  ({ trained, state } = result);
  done += 1;
  result.sums.data.forEach((value, kind) => (window.sums[kind]! += value));
  result.counts.data.forEach((value, kind) => (window.counts[kind]! += value));
  window.tokens += batch.segments.reduce((sum, segment) => sum + (segment > 0 ? 1 : 0), 0);
  if (done % LINE_EVERY !== 0) return;
  const tokensPerSecond = (1000 * window.tokens) / (performance.now() - window.began);
  const losses = Object.fromEntries(TAUGHT.map((kind, at) => [kind, window.sums[at + 1]! / window.counts[at + 1]!]));
  await addLossLine(file('loss.csv'), { step: done, losses, learningRate: rate }, { tokens: tokensSoFar(), tokensPerSecond });
  const shown = TAUGHT.map((kind) => `${kind} ${losses[kind]!.toFixed(4)}`);
  print(`step ${done}  ${shown.join('  ')}  ${Math.round(tokensPerSecond)} tokens/s`);
  window = newWindow();
}

/** Padding included. */
function tokensSoFar(): number {
  return done * SHAPE.rows * SHAPE.time;
}

/** @param generated explanations behind the figures of what it writes: of 144, one claim in 260 is 0.4 % */
async function gates(generated: number): Promise<Figures> {
  const { figures, ...texts } = await measureGates({ forward, trained, ...SHAPE }, situations, generated);
  await writeFileAtomic(file('gates.json'), `${JSON.stringify({ step: done, ...figures, ...texts }, null, 2)}\n`);
  await appendFile(file('gates.jsonl'), `${JSON.stringify({ step: done, ...figures })}\n`);
  print(`gates at step ${done}`);
  for (const { passed, figure, wanted, what } of judged(figures)) {
    print(`  ${passed ? 'ok  ' : 'FAIL'} ${figure.toFixed(3)} (${wanted}) ${what}`);
  }
  const others = Object.entries(figures).filter(([name]) => !(name in GATES));
  print(`  ${others.map(([name, value]: [string, number]) => `${name} ${value.toFixed(3)}`).join('  ')}`);
  for (const text of texts.textsSampled.slice(0, 3)) print(`  ${text}`);
  return figures;
}

/** The model as the testbed ships it, with its card. */
async function writeModel(figures: Figures): Promise<void> {
  const tensors = namedTensors(config, trained);
  const card = cardOf({
    seed,
    size: SIZE,
    vocabulary: VOCABULARY.length,
    parameterCount: [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0),
    shape: SHAPE,
    phases: PHASES,
    weights: WEIGHTS,
    steps: done,
    tokens: tokensSoFar(),
    curve: await readLossFile(file('loss.csv')),
    figures,
    situations: situations.length,
  });
  const architecture = { ...SIZE, keyValueHeads: SIZE.heads, tied: true, vocabulary: VOCABULARY.length, seed: 0 };
  await writeTestbedModel(file('model'), { architecture, tensors, card });
}

async function checkpoint(): Promise<void> {
  const flat = new Map<string, HostTensor>();
  const keep =
    (prefix: string) =>
    (leaf: HostTensor, path: string): HostTensor => {
      flat.set(`${prefix}.${path}`, leaf);
      return leaf;
    };
  mapHost(trained, keep('parameters'));
  mapHost(state, keep('state'));
  await writeSafetensors(file('checkpoint.safetensors'), flat, { metadata: { step: String(done) } });
}

async function restore(): Promise<void> {
  const { tensors, metadata } = await readSafetensors(file('checkpoint.safetensors'));
  const kept =
    (prefix: string) =>
    (_: HostTensor, path: string): HostTensor => {
      const tensor = tensors.get(`${prefix}.${path}`);
      if (tensor === undefined) throw new Error(`${file('checkpoint.safetensors')} has no ${prefix}.${path}; it is another version's`);
      return tensor;
    };
  trained = mapHost(trained, kept('parameters'));
  state = mapHost(state, kept('state'));
  done = Number(metadata['step']);
  print(`goes on at step ${done}`);
}

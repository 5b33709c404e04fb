// What it costs, and saves, to keep a language model's frozen weights small while it is trained.
//
// usage: npm run bench -- weights MODEL [--formats float32,float16,int8,int4] [--steps 200] [--recompute]
//   MODEL      a folder, a .gguf file, the id of a model on the hub; or random:qwen2.5-0.5b, random:llama-3.2-1b: random weights of
//              those models' sizes, of which load, memory and step are what there is to see
//   --formats  float32 is what the others are held against, and always there for a model that is not random
//   --steps    of LoRA training (rank 16, AdamW, 2 x 128 tokens of this repository's documents), from the same adapter
//   --recompute  layers a second time in the backward pass, in place of keeping what they made
// Each format runs in a process of its own. Differences are of log-probabilities of 8 x 112 tokens in nats (mean and largest, and their
// mean with its sign, which is the KL divergence on these tokens), and of the gradient of an adapter (relative error and cosine).
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toolArguments, wholeNumber, wrongUse } from '../common/arguments.js';
import { formatsOf } from '../common/formats.js';
import { mean, processor } from '../common/measure.js';
import { lastJson, printed, scriptCommand } from '../common/scripts.js';
import { RANDOM_MODELS, writeRandomModel } from './random-model.js';
import type { WeightsFigures } from './weights-ours.js';

const { values, positionals } = toolArguments(
  {
    formats: { type: 'string', default: 'float32,float16,int8,int4' },
    steps: { type: 'string', default: '200' },
    recompute: { type: 'boolean', default: false },
  },
  1,
);
const [model = wrongUse('no MODEL is given')] = positionals;
const steps = wholeNumber('--steps', values.steps);
const shape = model.startsWith('random:')
  ? (RANDOM_MODELS[model.slice(7)] ?? wrongUse(`random models are ${Object.keys(RANDOM_MODELS).join(', ')}`))
  : null;
const asked = formatsOf('--formats', values.formats);
const formats = shape === null ? ['float32', ...asked.filter((format) => format !== 'float32')] : asked;

const folder = await mkdtemp(join(tmpdir(), 'expctr-weights-'));
const parameters = shape === null ? 0 : await writeRandomModel(shape, folder);
console.log(
  `${processor()}; ${model}${shape === null ? '' : ` (${(parameters / 1e6).toFixed(0)} M parameters)`}, ${steps} steps of LoRA training\n`,
);
console.log(
  '| weights | load s | kept GB | peak GB | step s | first loss | last loss | log-probability: mean, largest, signed | gradient: error, cosine |',
);
console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- |');
const how = (format: string): string[] => [format, String(steps), String(values.recompute)];
let exact: { logProbs: Float32Array; gradient: Float32Array } | undefined;
try {
  for (const format of formats) {
    const file = join(folder, `${format}.compare`);
    const files = shape === null ? [model, ...how(format), file] : [folder, ...how(format)];
    const figures = lastJson<WeightsFigures>(await printed(scriptCommand(join(import.meta.dirname, 'weights-ours.ts')), ...files));
    console.log(`| ${[format, ...columnsOf(figures), ...(shape === null ? await compared(file, figures) : ['', ''])].join(' | ')} |`);
  }
} finally {
  await rm(folder, { recursive: true });
}

async function compared(file: string, figures: WeightsFigures): Promise<string[]> {
  const bytes = await readFile(file);
  const all = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const here = { logProbs: all.slice(0, figures.logProbs), gradient: all.slice(figures.logProbs) };
  exact ??= here;
  return differencesOf(here, exact);
}

function columnsOf({ loadSeconds, keptGigabytes, peakGigabytes, stepSeconds, firstLoss, lastLoss }: WeightsFigures): string[] {
  return [
    loadSeconds.toFixed(1),
    keptGigabytes.toFixed(2),
    peakGigabytes.toFixed(2),
    stepSeconds.toFixed(2),
    firstLoss.toFixed(3),
    lastLoss.toFixed(3),
  ];
}

function differencesOf(here: NonNullable<typeof exact>, reference: NonNullable<typeof exact>): string[] {
  if (here === reference) return ['', ''];
  const differences = reference.logProbs.map((value, at) => value - here.logProbs[at]!);
  const sizes = differences.map(Math.abs);
  const largest = sizes.reduce((most, size) => Math.max(most, size), 0);
  const [a, b] = [here.gradient, reference.gradient];
  const error = Math.sqrt(dot(minus(a, b), minus(a, b)) / dot(b, b));
  const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  return [`${mean(sizes).toFixed(4)}, ${largest.toFixed(3)}, ${mean(differences).toFixed(4)}`, `${error.toFixed(4)}, ${cosine.toFixed(5)}`];
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += a[i]! * b[i]!;
  return sum;
}

function minus(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, at) => value - b[at]!);
}

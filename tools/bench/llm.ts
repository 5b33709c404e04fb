// Language-model work of @expctr/llm-lora, beside transformers, PEFT and llama.cpp on the same machine in the same sitting.
//
// usage: npm run bench -- llm MODEL_FOLDER [--work decode-1,decode-16,…] [--weights float32,int8] [--rounds 3] [--python PYTHON] [--llama PYTHON [--gguf FILE,…]]
//   MODEL_FOLDER   SmolLM2-135M-Instruct with its GGUF file
//   --work         decode-1, decode-16, decode-64 (with an adapter), base-1, base-16, base-64 (without), prefill,
//                  uneven, step, step-last, step-completions, score, read; default: all
//   --weights      ours, a contestant each: those that sampling multiplies by, or those that steps, scoring and reading are given;
//                  default: float32
//   --python       an interpreter with torch, transformers, peft and gguf; without it there is no such peer
//   --llama        an interpreter with llama_cpp (package llama-cpp-python), which runs GGUF files: decoding and prefill
//   --gguf         those files, a contestant each; default: that of MODEL_FOLDER. One of eight bits is made by
//                  npx expctr-lm convert MODEL_FOLDER FILE.gguf --dtype q8_0
// Each round runs every contestant once, in a process of its own and in turn, so that a slow minute hits all of them; the figure is the
// median of the rounds. Each contestant warms up before it is timed. The limit is the least time for the products that steps, scoring and
// prefill need, at the rate of products measured in the same minutes; of decoding, whose products are of few rows, the least time for
// reading weights as they are stored, and keys and values in float32, at the rate of reading measured then. Of sampling by small
// weights the distance of its log-probabilities from those of float32 stands beside decoding, in nats, mean and largest, of texts that go on
// from this repository's documents.
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { toolArguments, wholeNumber, wrongUse } from '../common/arguments.js';
import { decodingBytes, forwardOperations } from '../common/decoder-operations.js';
import { BYTES, formatsOf } from '../common/formats.js';
import { inTurn, median, processor } from '../common/measure.js';
import { productRate } from '../common/product-rate.js';
import { readRate } from '../common/read-rate.js';
import { lastJson, printed, scriptCommand, type Command } from '../common/scripts.js';
import { WORK, type Figure, type Work } from './llm-work.js';

const { values, positionals } = toolArguments(
  {
    work: { type: 'string', default: Object.keys(WORK).join() },
    weights: { type: 'string', default: 'float32' },
    rounds: { type: 'string', default: '3' },
    python: { type: 'string' },
    llama: { type: 'string' },
    gguf: { type: 'string' },
  },
  1,
);
const [folder = wrongUse('no MODEL_FOLDER is given')] = positionals;
const rounds = wholeNumber('--rounds', values.rounds);
const names = values.work.split(',');
if (!names.every(isWork)) wrongUse(`--work takes ${Object.keys(WORK).join(', ')}; got "${values.work}"`);
const formats = formatsOf('--weights', values.weights);
const here = import.meta.dirname;
const ours = formats.map((format) => [`ours, ${format}`, scriptCommand(join(here, 'llm-ours.ts'), folder, format)] as const);
type Peer = readonly [name: string, command: Command];
const { python, llama, gguf } = values;
if (gguf !== undefined && llama === undefined) wrongUse('--gguf is for --llama, which is not given');
const transformers: Peer[] = python === undefined ? [] : [['transformers', [python, join(here, 'llm_peer.py'), folder]]];
const files = llama === undefined ? [] : (gguf?.split(',') ?? [fileOfFolder()]);
const llamaCpp = files.map((file): Peer => [`llama.cpp, ${basename(file, '.gguf')}`, [llama!, join(here, 'llm_llamacpp.py'), file]]);
const peers = [...transformers, ...llamaCpp];

await useOnnx();
console.log(`${processor()}\n`);
const against = peers.map(([name]) => `against ${name}`);
console.log(`| work | | figure | of the limit | peak, GB |${against.map((title) => ` ${title} |`).join('')} log-probabilities |`);
console.log(`| --- | --- | ---: | ---: | ---: |${against.map(() => ' ---: |').join('')} --- |`);
for (const name of names.filter(isWork)) await compare(WORK[name]);
process.exit(0);

async function compare(work: Work): Promise<void> {
  const json = JSON.stringify(work);
  const present = work.kind === 'decode' || work.kind === 'prefill' ? peers : transformers;
  const rates: number[] = [];
  const reads: number[] = [];
  const contestants: Record<string, () => Promise<Figure | undefined>> = {
    rate: async () => {
      rates.push(await productRate());
      if (work.kind === 'decode') reads.push(await readRate());
      return undefined;
    },
  };
  for (const [who, command] of [...ours, ...present]) contestants[who] = async () => lastJson<Figure>(await printed(command, json));
  const { rate: _rate, ...results } = await inTurn<string, Figure | undefined>(contestants, rounds);
  const figures = new Map(Object.entries(results).map(([who, runs]) => [who, middle(runs as Figure[])]));
  const operations = await operationsOf(work);
  const limit = operations === null ? null : operations / median(rates);
  const read = reads.length === 0 ? '' : `, ${(median(reads) / 1e9).toFixed(0)} GB/s`;
  let title = `${work.title} (${(median(rates) / 1e9).toFixed(0)} GFLOPS${read}${limit === null ? '' : `, limit ${limit.toFixed(2)} s`})`;
  for (const [who, figure] of figures) {
    const least = limit ?? (await leastDecodingSeconds(work, who, reads));
    const ratios = peers.map(([peer]) => (peer === who ? '' : ratioOf(figure, figures.get(peer))));
    const mismatch = figure.mismatch?.map((nats) => nats.toFixed(4)).join(', ') ?? '';
    const share = least === null ? '' : (secondsOf(figure, work) / least).toFixed(2);
    const columns = [
      title,
      who,
      `${figure.figure >= 100 ? figure.figure.toFixed(0) : figure.figure.toPrecision(3)} ${figure.unit}`,
      share,
      figure.gigabytes.toFixed(2),
      ...ratios,
      mismatch,
    ];
    console.log(`| ${columns.join(' | ')} |`);
    title = '';
  }
}

function fileOfFolder(): string {
  const file = readdirSync(folder).find((name) => name.endsWith('.gguf')) ?? wrongUse(`${folder} holds no .gguf file`);
  return join(folder, file);
}

function middle(runs: readonly Figure[]): Figure {
  const [first] = runs;
  return { ...first!, figure: median(runs.map(({ figure }) => figure)), gigabytes: median(runs.map(({ gigabytes }) => gigabytes)) };
}

/** How many times as fast as a peer. */
function ratioOf({ figure, unit }: Figure, peer: Figure | undefined): string {
  if (peer === undefined) return '';
  return (unit === 's' ? peer.figure / figure : figure / peer.figure).toFixed(2);
}

/** Operations that the work cannot do without; null where they are not what takes the time. */
async function operationsOf(work: Work): Promise<number | null> {
  switch (work.kind) {
    case 'decode':
    case 'uneven':
      return null;
    case 'prefill':
      return forwardOperations(folder, {
        prompts: work.sequences,
        completions: 0,
        response: 0,
        prompt: work.prompt,
        logits: work.sequences,
      });
    case 'step': // forward, and as much backward: weights that are frozen have no gradient
      return 2 * (await forwardOperations(folder, work));
    case 'score':
      return forwardOperations(folder, work);
    case 'read': // the common beginning is known
      return forwardOperations(folder, { prompts: work.texts, completions: 0, response: 0, prompt: work.text, logits: work.texts });
  }
}

/** Seconds in which a step of decoding could be read; null for other work, and for who keeps weights, keys and values in ways of its own. */
async function leastDecodingSeconds(work: Work, who: string, reads: readonly number[]): Promise<number | null> {
  const format = who === 'transformers' ? 'float32' : formats.find((each) => who === `ours, ${each}`);
  if (work.kind !== 'decode' || format === undefined) return null;
  return (await decodingBytes(folder, work.sequences, work.prompt + work.tokens / 2, BYTES[format]!)) / median(reads);
}

/** Seconds of the whole work, of decoding those of a step. */
function secondsOf({ figure, unit }: Figure, work: Work): number {
  if (unit === 's') return figure;
  switch (work.kind) {
    case 'prefill':
      return (work.sequences * work.prompt) / figure;
    case 'read':
      return work.texts / figure;
    case 'decode':
      return work.sequences / figure;
    default:
      return NaN;
  }
}

function isWork(name: string): name is keyof typeof WORK {
  return name in WORK;
}

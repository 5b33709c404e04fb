// Texts a second of @expctr/encoder, float32 and int8, beside sentence-transformers on the same texts in the same sitting.
//
// usage: node tools/bench/encoder.mjs MODEL_FOLDER [--texts 1000] [--rounds 3] [--python PYTHON --peer SENTENCE_TRANSFORMERS_FOLDER]
//   MODEL_FOLDER   all-MiniLM-L6-v2 as transformers.js reads it (onnx/model.onnx, onnx/model_quantized.onnx)
//   --python       an interpreter with torch and sentence-transformers; --peer the same model with modules.json
// Build first (npm run build). Each round runs every contestant once, one after the other, so that a slow minute hits all of
// them; the figure is the median of the rounds. Each contestant is warmed up by one batch.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { createHashedEncoder, createTransformersEncoder } from '../../packages/encoder/dist/index.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    texts: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '3' },
    python: { type: 'string' },
    peer: { type: 'string' },
  },
});
const [folder] = positionals;
if (folder === undefined) {
  console.error('usage: node tools/bench/encoder.mjs MODEL_FOLDER [--texts N] [--rounds N] [--python PYTHON --peer FOLDER]');
  process.exit(2);
}
const count = Number(values.texts);
const rounds = Number(values.rounds);
const threads = availableParallelism();

/** Texts of 12 to 51 words, no two alike: the words of a few explanations in seeded order. */
function makeTexts(n) {
  const words =
    'the user would probably enjoy this film because they liked animated adventures with warm humor while they disliked slow horror and the story of this one is about friendship and growing up'.split(
      ' ',
    );
  let state = 1;
  const next = (bound) => (state = (state * 48271) % 2147483647) % bound;
  return Array.from({ length: n }, (_, i) => Array.from({ length: 12 + (i % 40) }, () => words[next(words.length)]).join(' '));
}
const texts = makeTexts(count);

async function ours(name, encoder) {
  await encoder.encode(texts.slice(0, 64));
  return { name, encode: (all) => encoder.encode(all) };
}

/** The peer in a process of its own: it reads texts once, then encodes them whenever it is sent a line, and answers with seconds. */
const PEER = `
import json, sys, time, warnings
warnings.filterwarnings('ignore')
import torch
from sentence_transformers import SentenceTransformer
folder, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
texts = json.loads(sys.stdin.readline())
model = SentenceTransformer(folder, device='cpu')
model.encode(texts[:64], batch_size=32, show_progress_bar=False)
print('ready', flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    model.encode(texts, batch_size=32, show_progress_bar=False)
    print(time.perf_counter() - start, flush=True)
`;

async function peer() {
  const child = spawn(values.python, ['-c', PEER, values.peer, String(threads)], { stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stdin.write(`${JSON.stringify(texts)}\n`);
  await lines.next();
  return {
    name: 'sentence-transformers float32',
    seconds: async () => {
      child.stdin.write('again\n');
      return Number((await lines.next()).value);
    },
    close: () => child.stdin.end(),
  };
}

const contestants = [
  await ours('@expctr/encoder float32', await createTransformersEncoder(folder, { threads })),
  await ours('@expctr/encoder int8 (q8)', await createTransformersEncoder(folder, { threads, dtype: 'q8' })),
  ...(values.python === undefined || values.peer === undefined ? [] : [await peer()]),
];
const seconds = new Map(contestants.map(({ name }) => [name, []]));
for (let round = 0; round < rounds; round += 1) {
  for (const contestant of contestants) {
    const start = performance.now();
    const own =
      contestant.seconds === undefined ? (await contestant.encode(texts), (performance.now() - start) / 1000) : await contestant.seconds();
    seconds.get(contestant.name).push(own);
  }
}
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
console.log(`${count} texts of 12 to 51 words, ${threads} threads, median of ${rounds} rounds in turn`);
for (const [name, list] of seconds) {
  console.log(
    `${name.padEnd(32)} ${(count / median(list)).toFixed(0).padStart(6)} texts/s   (rounds: ${list.map((s) => (count / s).toFixed(0)).join(', ')})`,
  );
}
const repeated = Array.from({ length: count }, (_, i) => texts[i % 10]);
const start = performance.now();
await contestants[0].encode(repeated);
console.log(`${count} texts of which 10 are distinct ${(performance.now() - start).toFixed(0).padStart(6)} ms`);
const hashed = createHashedEncoder();
const hashedStart = performance.now();
await hashed.encode(texts);
console.log(`${hashed.name.padEnd(32)} ${(count / ((performance.now() - hashedStart) / 1000)).toFixed(0).padStart(6)} texts/s`);
for (const contestant of contestants) contestant.close?.();

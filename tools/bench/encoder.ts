// Texts a second of @expctr/encoder, float32 and int8, beside sentence-transformers on the same texts in the same sitting.
//
// usage: npm run bench -- encoder MODEL_FOLDER [--texts 1000] [--rounds 3] [--python PYTHON --peer SENTENCE_TRANSFORMERS_FOLDER]
//   MODEL_FOLDER   all-MiniLM-L6-v2 as transformers.js reads it (onnx/model.onnx, onnx/model_quantized.onnx)
//   --python       an interpreter with torch and sentence-transformers; --peer the same model with modules.json
// Each round runs every contestant once, one after the other, so that a slow minute hits all of them; the figure is the median of the
// rounds. Each contestant is warmed up by one batch.
import { availableParallelism } from 'node:os';
import { createHashedEncoder, createTransformersEncoder, type Encoder } from '@expctr/encoder';
import { toolArguments, wholeNumber, wrongUse } from '../common/arguments.js';
import { inTurn, median, processor, timed } from '../common/measure.js';
import { startLines } from '../common/scripts.js';

const { values, positionals } = toolArguments(
  {
    texts: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '3' },
    python: { type: 'string' },
    peer: { type: 'string' },
  },
  1,
);
const [folder = wrongUse('no MODEL_FOLDER is given')] = positionals;
const count = wholeNumber('--texts', values.texts);
const rounds = wholeNumber('--rounds', values.rounds);
const threads = availableParallelism();
const texts = makeTexts(count);

/** Texts of 12 to 51 words, no two alike: the words of a few explanations in seeded order. */
function makeTexts(n: number): string[] {
  const words =
    'the user would probably enjoy this film because they liked animated adventures with warm humor while they disliked slow horror and the story of this one is about friendship and growing up'.split(
      ' ',
    );
  let state = 1;
  const next = (bound: number): number => (state = (state * 48271) % 2147483647) % bound;
  return Array.from({ length: n }, (_, i) => Array.from({ length: 12 + (i % 40) }, () => words[next(words.length)]!).join(' '));
}

/** The seconds that an encoder takes for all texts, after a first batch. */
async function clockOf(encoder: Encoder): Promise<() => Promise<number>> {
  await encoder.encode(texts.slice(0, 64));
  return async () => (await timed(() => encoder.encode(texts))).milliseconds / 1000;
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

const float32 = await createTransformersEncoder(folder, { threads });
const int8 = await createTransformersEncoder(folder, { threads, dtype: 'q8' });
const contestants: Record<string, () => Promise<number>> = {
  '@expctr/encoder float32': await clockOf(float32),
  '@expctr/encoder int8 (q8)': await clockOf(int8),
};
const { python, peer } = values;
const lines =
  python === undefined || peer === undefined ? undefined : startLines([python, '-c', PEER, peer, String(threads)], { quiet: true });
if (lines !== undefined) {
  await lines.ask(JSON.stringify(texts));
  contestants['sentence-transformers float32'] = async () => Number(await lines.ask('again'));
}
const seconds = await inTurn(contestants, rounds);
lines?.close();
console.log(processor());
console.log(`${count} texts of 12 to 51 words, ${threads} threads, median of ${rounds} rounds in turn`);
for (const [name, list] of Object.entries(seconds)) {
  console.log(
    `${name.padEnd(32)} ${(count / median(list)).toFixed(0).padStart(6)} texts/s   (rounds: ${list.map((s) => (count / s).toFixed(0)).join(', ')})`,
  );
}
const repeated = Array.from({ length: count }, (_, i) => texts[i % 10]!);
const { milliseconds } = await timed(() => float32.encode(repeated));
console.log(`${count} texts of which 10 are distinct ${milliseconds.toFixed(0).padStart(6)} ms`);
const hashed = createHashedEncoder();
const took = (await timed(() => hashed.encode(texts))).milliseconds / 1000;
console.log(`${hashed.name.padEnd(32)} ${(count / took).toFixed(0).padStart(6)} texts/s`);

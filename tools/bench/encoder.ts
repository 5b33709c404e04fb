// Texts a second of @expctr/encoder, float32, int8 and float16, beside sentence-transformers on the same texts in the same sitting; and how
// near the vectors of each precision are to those of float32, on real texts.
//
// usage: npm run bench -- encoder MODEL_FOLDER [--texts 1000] [--rounds 3] [--python PYTHON --peer SENTENCE_TRANSFORMERS_FOLDER] [--data FOLDER]
//   MODEL_FOLDER   all-MiniLM-L6-v2 as transformers.js reads it (onnx/model.onnx, onnx/model_quantized.onnx); float16 is measured where there
//                  is an onnx/model_fp16.onnx, which tools/oracles/encoder_float16.py makes
//   --python       an interpreter with torch and sentence-transformers; --peer the same model with modules.json
//   --data         folder with ml-latest-small and amazon-musical-instruments-2014 (default: EXPCTR_DATA, else ../shared/data); without it
//                  nothing is said of similarity. --rounds 0 prints similarity alone
// Each round runs every contestant once, one after the other, so that a slow minute hits all of them; the figure is the median of the
// rounds. Each contestant is warmed up by one batch. The limit is the float32 products that the texts need, over what the processor does
// of such products in the same minute: no program that computes in float32 comes above it.
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createHashedEncoder, createTransformersEncoder, type Encoder, type EncoderDType } from '@expctr/encoder';
import { dataAsset } from '@expctr/test-support';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { AutoTokenizer } from '@huggingface/transformers';
import { toolArguments, wholeNumber, wrongUse } from '../common/arguments.js';
import { inTurn, median, processor, timed } from '../common/measure.js';
import { productRate } from '../common/product-rate.js';
import { startLines } from '../common/scripts.js';
import { batchedInt8, similarity } from './encoder-similarity.js';
import { madeTexts, realTexts } from './encoder-texts.js';

const { values, positionals } = toolArguments(
  {
    texts: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '3' },
    python: { type: 'string' },
    peer: { type: 'string' },
    data: { type: 'string', default: dataAsset().path },
  },
  1,
);
const [folder = wrongUse('no MODEL_FOLDER is given')] = positionals;
const count = wholeNumber('--texts', values.texts);
const rounds = wholeNumber('--rounds', values.rounds, 0);
const threads = availableParallelism();
const texts = madeTexts(count);

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

/** Floating-point operations of the products that a text needs, on average: those of the layers with weights, and of attention. */
async function operationsOfText(): Promise<number> {
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as Record<string, number>;
  const { hidden_size: hidden = 0, intermediate_size: inner = 0, num_hidden_layers: layers = 0 } = config;
  const tokenizer = await AutoTokenizer.from_pretrained(folder, { local_files_only: true });
  const operations = texts.map((text) => {
    const tokens = tokenizer.encode(text).length;
    return 2 * layers * tokens * (4 * hidden * hidden + 2 * hidden * inner + 2 * tokens * hidden);
  });
  return operations.reduce((sum, value) => sum + value, 0) / texts.length;
}

const FILES = { fp32: 'model.onnx', q8: 'model_quantized.onnx', fp16: 'model_fp16.onnx' } as const satisfies Partial<
  Record<EncoderDType, string>
>;
const LABELS = { fp32: 'float32', q8: 'int8 (q8)', fp16: 'float16' } as const;
const precisions = (['fp32', 'q8', 'fp16'] as const).filter((dtype) => existsSync(join(folder, 'onnx', FILES[dtype])));
const encoders = new Map<keyof typeof FILES, Encoder>();
for (const dtype of precisions) encoders.set(dtype, await createTransformersEncoder(folder, { threads, dtype }));
const float32 = encoders.get('fp32') ?? wrongUse(`${folder} has no onnx/model.onnx`);
console.log(processor());
if (rounds > 0) await measureSpeed();
await measureSimilarity();

async function measureSpeed(): Promise<void> {
  const contestants: Record<string, () => Promise<number>> = {};
  for (const [dtype, encoder] of encoders) contestants[`@expctr/encoder ${LABELS[dtype]}`] = await clockOf(encoder);
  const { python, peer } = values;
  const lines =
    python === undefined || peer === undefined ? undefined : startLines([python, '-c', PEER, peer, String(threads)], { quiet: true });
  if (lines !== undefined) {
    await lines.ask(JSON.stringify(texts));
    contestants['sentence-transformers float32'] = async () => Number(await lines.ask('again'));
  }
  await useOnnx();
  const operations = await operationsOfText();
  const limit = `limit of float32, ${(operations / 1e9).toFixed(2)} GFLOP a text`;
  contestants[limit] = async () => (count * operations) / (await productRate(1000, 5));
  const seconds = await inTurn(contestants, rounds);
  lines?.close();
  console.log(`${count} texts of 12 to 51 words, ${threads} threads, median of ${rounds} rounds in turn`);
  const peerSeconds = seconds['sentence-transformers float32'];
  for (const [name, list] of Object.entries(seconds)) {
    const times = peerSeconds === undefined ? '' : `   ${(median(peerSeconds) / median(list)).toFixed(2)} x sentence-transformers`;
    const each = list.map((s) => (count / s).toFixed(0)).join(', ');
    console.log(`${name.padEnd(40)} ${(count / median(list)).toFixed(0).padStart(6)} texts/s   (rounds: ${each})${times}`);
  }
  const repeated = Array.from({ length: count }, (_, i) => texts[i % 10]!);
  const { milliseconds } = await timed(() => float32.encode(repeated));
  console.log(`${count} texts of which 10 are distinct ${milliseconds.toFixed(0).padStart(6)} ms`);
  const hashed = createHashedEncoder();
  const took = (await timed(() => hashed.encode(texts))).milliseconds / 1000;
  console.log(`${hashed.name.padEnd(40)} ${(count / took).toFixed(0).padStart(6)} texts/s`);
}

async function measureSimilarity(): Promise<void> {
  if (!existsSync(join(values.data, 'ml-latest-small'))) return console.log(`no real texts in ${values.data}: similarity is not measured`);
  const real = realTexts(values.data, count);
  const reference = await float32.encode(real);
  const rows: [string, Float32Array][] = [];
  for (const [dtype, encoder] of encoders) if (dtype !== 'fp32') rows.push([LABELS[dtype], await encoder.encode(real)]);
  const alone = rows.find(([name]) => name === LABELS.q8)?.[1];
  if (alone !== undefined) rows.push(['int8, batches of 32, padded', await batchedInt8(folder, real, 32)]);
  console.log(`cosine to float32 on ${real.length} real texts (titles with genres, reviews)   mean     lowest`);
  for (const [name, vectors] of rows) say(name, similarity(reference, vectors, float32.dimension));
  if (alone !== undefined) say('int8 alone and in such batches', similarity(alone, rows.at(-1)![1], float32.dimension));
}

function say(name: string, { mean, lowest }: ReturnType<typeof similarity>): void {
  console.log(`${name.padEnd(40)} ${' '.repeat(30)} ${mean.toFixed(5)}  ${lowest.toFixed(5)}`);
}

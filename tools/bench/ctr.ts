// Samples a second of an epoch of DeepFM with embedding tables under Adam, and rows a second that it predicts: 6 fields, 16 components, 3 layers
// of 400, batches of 4096.
// usage: npm run bench -- ctr [--rounds 3] [--python PYTHON] [--parts] [--steps 16]
//   --python  an interpreter with torch: its dense Adam, fused and foreach, runs in turn with ours, and the faster one counts
//   --parts   where the time of a step goes, function by function, instead of the race
//   --steps   steps of an epoch at 1,000 ids a field (half as many at 100,000)
// The limit is what the products of a step would take at the rate of products of 1,000 x 1,000 in the same minute.
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import { fitCtr, type CtrModel, type Features } from '@expctr/ctr-models';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { toolArguments, wholeNumber } from '../common/arguments.js';
import { inTurn, median, processor } from '../common/measure.js';
import { productRate } from '../common/product-rate.js';
import { lastJson, printed, type Command } from '../common/scripts.js';
import { partsOf } from './ctr-parts.js';
import { BATCH, DIMENSION, FLOP_PER_ROW, HIDDEN, randomFeatures } from './ctr-work.js';

const { values } = toolArguments({
  rounds: { type: 'string', default: '3' },
  python: { type: 'string' },
  parts: { type: 'boolean', default: false },
  steps: { type: 'string', default: '16' },
});
const rounds = wholeNumber('--rounds', values.rounds);
const steps = wholeNumber('--steps', values.steps, 2);
const torch: Command | undefined = values.python === undefined ? undefined : [values.python, join(import.meta.dirname, 'ctr_torch.py')];
await useOnnx();
console.log(processor());
for (const { ids, rows } of [
  { ids: 1_000, rows: steps * BATCH },
  { ids: 100_000, rows: (steps >> 1) * BATCH },
]) {
  const features = randomFeatures(rows, ids);
  if (values.parts) await showParts(features, ids);
  else await race(features, ids);
}

/** The fit that is timed; `between` is called when its first epoch, in which everything is made, is over. */
async function fit(features: Features, between: () => void, after: () => void = () => undefined): Promise<CtrModel> {
  return fitCtr({
    backbone: 'deepfm',
    train: features,
    options: { epochs: 2, batchSize: BATCH, embeddingDimension: DIMENSION, hidden: HIDDEN, l2: 0, embeddingL2: 0 },
    rng: createRng(1),
    onEpoch: ({ epoch }) => (epoch === 1 ? between() : after()),
  });
}

/** Samples a second of the second epoch, and rows a second of the second prediction. */
interface Rates {
  readonly learned: number;
  readonly predicted: number;
}

async function ours(features: Features): Promise<Rates> {
  let [began, ended] = [0, 0];
  const model = await fit(
    features,
    () => (began = performance.now()),
    () => (ended = performance.now()),
  );
  await model.predict(features);
  const asked = performance.now();
  await model.predict(features);
  const answered = performance.now();
  await model.dispose();
  return { learned: features.length / ((ended - began) / 1000), predicted: features.length / ((answered - asked) / 1000) };
}

async function torchs(command: Command, rows: number, ids: number): Promise<Rates> {
  const { prediction, ...optimizers } = lastJson<{ readonly prediction: number } & Readonly<Record<string, number>>>(
    await printed(command, String(rows), String(ids)),
  );
  return { learned: Math.max(...Object.values(optimizers)), predicted: prediction };
}

async function race(features: Features, ids: number): Promise<void> {
  const rows = features.length;
  const contestants: Record<string, () => Promise<Rates>> = { ours: () => ours(features) };
  if (torch !== undefined) contestants['torch'] = () => torchs(torch, rows, ids);
  // a prediction is a third of a step: forward alone
  contestants['limit'] = async () => {
    const rate = (await productRate(1000, 5)) / FLOP_PER_ROW;
    return { learned: rate, predicted: 3 * rate };
  };
  const { ours: mine = [], torch: theirs = [], limit: limits = [] } = await inTurn(contestants, rounds);
  console.log(`DeepFM, ${ids} ids a field, ${rows} rows, products at ${gigaflops(limits)} GFLOPS`);
  for (const [what, of] of [
    ['learned', ({ learned }: Rates) => learned],
    ['predicted', ({ predicted }: Rates) => predicted],
  ] as const) {
    const rate = (all: readonly Rates[]): string => median(all.map(of)).toFixed(0);
    const ratio = median(mine.map((each, k) => of(each) / of(theirs[k] ?? each))).toFixed(2);
    const beside = theirs.length === 0 ? '' : `, torch ${rate(theirs)}, ratio ${ratio}`;
    console.log(`  ${what}: ${rate(mine)} rows/s${beside}, limit ${rate(limits)}`);
  }
}

function gigaflops(limits: readonly Rates[]): string {
  return ((median(limits.map(({ learned }) => learned)) * FLOP_PER_ROW) / 1e9).toFixed(0);
}

async function showParts(features: Features, ids: number): Promise<void> {
  const count = Math.ceil(features.length / BATCH);
  let finish: (() => void) | undefined;
  let ready: (() => void) | undefined;
  const second = new Promise<void>((resolve) => (finish = resolve));
  const begins = new Promise<void>((resolve) => (ready = resolve));
  const done = fit(
    features,
    () => ready!(),
    () => finish!(),
  );
  await begins;
  const parts = await partsOf(() => second);
  await (await done).dispose();
  console.log(`DeepFM, ${ids} ids a field: milliseconds of a step`);
  for (const { part, milliseconds } of parts) console.log(`${(milliseconds / count).toFixed(2).padStart(9)}  ${part}`);
}

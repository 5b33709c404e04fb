// Samples a second of an epoch of DeepFM with embedding tables under Adam: 6 fields, 16 components, 3 layers of 400, batches of 4096.
// usage: npm run bench -- ctr [--rounds 3] [--python PYTHON] [--parts] [--steps 16]
//   --python  an interpreter with torch: its dense Adam, fused and foreach, runs in turn with ours, and the faster one counts
//   --parts   where the time of a step goes, function by function, instead of the race
//   --steps   steps of an epoch at 1,000 ids a field (half as many at 100,000)
// The limit is what the products of a step would take at the rate of products of 1,000 x 1,000 in the same minute.
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import { fitCtr, type Features } from '@expctr/ctr-models';
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
async function fit(features: Features, between: () => void, after: () => void = () => undefined): Promise<void> {
  const model = await fitCtr({
    backbone: 'deepfm',
    train: features,
    options: { epochs: 2, batchSize: BATCH, embeddingDimension: DIMENSION, hidden: HIDDEN, l2: 0, embeddingL2: 0 },
    rng: createRng(1),
    onEpoch: ({ epoch }) => (epoch === 1 ? between() : after()),
  });
  await model.dispose();
}

/** Samples a second of the second epoch. */
async function ours(features: Features): Promise<number> {
  let [began, ended] = [0, 0];
  await fit(
    features,
    () => (began = performance.now()),
    () => (ended = performance.now()),
  );
  return features.length / ((ended - began) / 1000);
}

async function race(features: Features, ids: number): Promise<void> {
  const rows = features.length;
  const contestants: Record<string, () => Promise<number>> = { ours: () => ours(features) };
  if (torch !== undefined) {
    contestants['torch'] = async () =>
      Math.max(...Object.values(lastJson<Record<string, number>>(await printed(torch, String(rows), String(ids)))));
  }
  const limits: number[] = [];
  contestants['limit'] = async () => limits.push((await productRate(1000, 5)) / FLOP_PER_ROW);
  const { ours: mine = [], torch: theirs = [] } = await inTurn(contestants, rounds);
  const beside =
    theirs.length === 0 ? '' : `, torch ${median(theirs).toFixed(0)}, ratio ${median(mine.map((m, k) => m / theirs[k]!)).toFixed(2)}`;
  const limit = `limit ${median(limits).toFixed(0)} (${((median(limits) * FLOP_PER_ROW) / 1e9).toFixed(0)} GFLOPS)`;
  console.log(`DeepFM, ${ids} ids a field, ${rows} rows: ${median(mine).toFixed(0)} samples/s${beside}, ${limit}`);
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
  await done;
  console.log(`DeepFM, ${ids} ids a field: milliseconds of a step`);
  for (const { part, milliseconds } of parts) console.log(`${(milliseconds / count).toFixed(2).padStart(9)}  ${part}`);
}

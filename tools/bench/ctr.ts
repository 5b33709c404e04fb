// Samples a second of an epoch of DeepFM with embedding tables under Adam: 6 fields, 16 components, 3 layers of 400, batches of 4096.
// usage: npm run bench -- ctr [--rounds 3] [--python PYTHON]     with a Python that has torch, its dense Adam runs in turn
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import { encodeFeatures, fitCtr, type Features, type FeatureSchema, type RawCategorical } from '@expctr/ctr-models';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { toolArguments, wholeNumber } from '../common/arguments.js';
import { inTurn, median, processor } from '../common/measure.js';
import { printed, type Command } from '../common/scripts.js';

const FIELDS = 6;
const CASES = [
  { ids: 1_000, rows: 16 * 4096 },
  { ids: 100_000, rows: 8 * 4096 },
];

/** Random ids with random labels. */
function randomFeatures(rows: number, ids: number): Features {
  const rng = createRng('bench');
  const names = Array.from({ length: FIELDS }, (_, f) => `field${f}`);
  const values = Array.from({ length: ids }, (_, k) => String(k));
  const schema: FeatureSchema = {
    version: 'features/1',
    tables: names.map((name) => ({ name, vocabulary: values })),
    features: names.map((name) => ({ kind: 'categorical', name, table: name })),
  };
  const column = (): RawCategorical => ({ kind: 'categorical', codes: Int32Array.from({ length: rows }, () => rng.int(ids)), values });
  return encodeFeatures({
    schema,
    columns: Object.fromEntries(names.map((name) => [name, column()])),
    labels: Uint8Array.from({ length: rows }, () => rng.int(2)),
  });
}

/** Samples a second of the second epoch. */
async function ours(features: Features): Promise<number> {
  const ends: number[] = [];
  const options = { epochs: 2, batchSize: 4096, hidden: [400, 400, 400], l2: 0, embeddingL2: 0 };
  const model = await fitCtr({
    backbone: 'deepfm',
    train: features,
    options,
    rng: createRng(1),
    onEpoch: () => ends.push(performance.now()),
  });
  await model.dispose();
  return features.length / ((ends[1]! - ends[0]!) / 1000);
}

const { values } = toolArguments({ rounds: { type: 'string', default: '3' }, python: { type: 'string' } });
const rounds = wholeNumber('--rounds', values.rounds);
const torch: Command | undefined = values.python === undefined ? undefined : [values.python, join(import.meta.dirname, 'ctr_torch.py')];
await useOnnx();
console.log(processor());
for (const { ids, rows } of CASES) {
  const features = randomFeatures(rows, ids);
  const contestants: Record<string, () => Promise<number>> = { ours: () => ours(features) };
  if (torch !== undefined) contestants['torch'] = async () => Number(await printed(torch, String(rows), String(ids)));
  const { ours: mine = [], torch: theirs = [] } = await inTurn(contestants, rounds);
  const beside =
    theirs.length === 0 ? '' : `, torch ${median(theirs).toFixed(0)}, ratio ${median(mine.map((m, k) => m / theirs[k]!)).toFixed(2)}`;
  console.log(`DeepFM, ${ids} ids a field, ${rows} rows: ${median(mine).toFixed(0)} samples/s${beside}`);
}

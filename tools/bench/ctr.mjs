// Samples a second of an epoch of DeepFM with embedding tables under Adam: 6 fields, 16 components, 3 layers of 400, batches of 4096.
// usage: node tools/bench/ctr.mjs [PYTHON]     (needs `npm run build`; with a Python that has torch, its dense Adam runs in turn)
import { execFileSync } from 'node:child_process';
import { createRng } from '@expctr/core';
import { encodeFeatures, fitCtr } from '@expctr/ctr-models';
import { useOnnx } from '@expctr/tfjs-backend-onnx';

const FIELDS = 6;
const ROUNDS = 3;
const CASES = [
  { ids: 1_000, rows: 16 * 4096 },
  { ids: 100_000, rows: 8 * 4096 },
];

/** Random ids with random labels. */
function randomFeatures(rows, ids) {
  const rng = createRng('bench');
  const names = Array.from({ length: FIELDS }, (_, f) => `field${f}`);
  const values = Array.from({ length: ids }, (_, k) => String(k));
  const schema = {
    version: 'features/1',
    tables: names.map((name) => ({ name, vocabulary: values })),
    features: names.map((name) => ({ kind: 'categorical', name, table: name })),
  };
  const column = () => ({ kind: 'categorical', codes: Int32Array.from({ length: rows }, () => rng.int(ids)), values });
  return encodeFeatures({
    schema,
    columns: Object.fromEntries(names.map((name) => [name, column()])),
    labels: Uint8Array.from({ length: rows }, () => rng.int(2)),
  });
}

/** Samples a second of the second epoch. */
async function ours(features) {
  const ends = [];
  const options = { epochs: 2, batchSize: 4096, backbone: { hidden: [400, 400, 400] }, l2: 0, embeddingL2: 0 };
  const model = await fitCtr({
    backbone: 'deepfm',
    train: features,
    options,
    rng: createRng(1),
    onEpoch: () => ends.push(performance.now()),
  });
  await model.dispose();
  return features.length / ((ends[1] - ends[0]) / 1000);
}

const median = (numbers) => numbers.slice().sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const python = process.argv[2];
await useOnnx();
for (const { ids, rows } of CASES) {
  const features = randomFeatures(rows, ids);
  const [mine, theirs] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    mine.push(await ours(features));
    if (python !== undefined)
      theirs.push(Number(execFileSync(python, [`${import.meta.dirname}/ctr_torch.py`, rows, ids].map(String), { encoding: 'utf8' })));
  }
  const torch =
    theirs.length === 0 ? '' : `, torch ${median(theirs).toFixed(0)}, ratio ${median(mine.map((m, k) => m / theirs[k])).toFixed(2)}`;
  console.log(`DeepFM, ${ids} ids a field, ${rows} rows: ${median(mine).toFixed(0)} samples/s${torch}`);
}

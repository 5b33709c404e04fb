// Every backbone side by side: its parameters, its AUC and log-loss on test rows of ml-latest-small over some seeds, samples a second.
//   usage: npm run experiment -- backbones [--seeds 3] [--models deepfm,din] [--epochs 30] [--rows 0] [--out FOLDER]
// Every model is fitted on the train split, with the options that a fit has by default, and stops early on validation rows. Samples a
// second are those of the median epoch but the first, the evaluation of validation rows included. --rows takes so many of the
// training rows, 0 all. --out keeps results, one file each, and does not compute them again. What differs from torch most is held by
// packages/ctr-models/test/backbones.test.ts: at most 1e-5 of the largest, logits and gradients.
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRng, writeFileAtomic } from '@expctr/core';
import {
  auc,
  BACKBONES,
  backboneNames,
  buildFeatures,
  findBackbone,
  fitCtr,
  logLoss,
  selectRows,
  type Features,
  type FeatureSchema,
} from '@expctr/ctr-models';
import { prepareDataset, rowsOf } from '@expctr/data';
import { dataAsset } from '@expctr/test-support';
import { namedLeaves, useOnnx, type HostTensor } from '@expctr/tfjs-backend-onnx';
import { toolArguments, wholeNumber, wrongUse } from '../common/arguments.js';
import { median, processor } from '../common/measure.js';

interface Result {
  readonly auc: number;
  readonly logLoss: number;
  readonly samplesPerSecond: number;
}

const { values } = toolArguments({
  seeds: { type: 'string', default: '3' },
  models: { type: 'string', default: backboneNames().join(',') },
  epochs: { type: 'string', default: '30' },
  rows: { type: 'string', default: '0' },
  out: { type: 'string' },
});
const seeds = wholeNumber('--seeds', values.seeds);
const epochs = wholeNumber('--epochs', values.epochs, 2);
const most = wholeNumber('--rows', values.rows, 0);
const models = values.models.split(',').map((name) => {
  const found = Object.values(BACKBONES).find((backbone) => backbone.name === name);
  return found ?? wrongUse(`--models knows ${backboneNames().join(', ')}`);
});
if (values.out !== undefined) await mkdir(values.out, { recursive: true });
const asset = dataAsset('ml-latest-small');
if (asset.missing !== false) wrongUse(`ml-latest-small is wanted: ${asset.missing}`);

const { interactions, items } = await prepareDataset({ dataset: 'ml-latest-small', dataDir: asset.path });
const fitRows = rowsOf(interactions, 'train');
const features = buildFeatures({ interactions, items, fitRows, events: true });
const part = (split: 'train' | 'valid' | 'test'): Features => selectRows(features, rowsOf(interactions, split));
const [all, valid, test] = [part('train'), part('valid'), part('test')];
const train =
  most === 0
    ? all
    : selectRows(
        all,
        createRng('rows')
          .shuffle(Int32Array.from({ length: all.length }, (_, r) => r))
          .subarray(0, most),
      );

await useOnnx();
console.log(
  `${processor()}\nml-latest-small: ${[train, valid, test].map(({ length }) => length).join(' / ')} rows; mean over ${seeds} seeds\n`,
);
const line = (...cells: readonly string[]): void => console.log(`| ${cells.join(' | ')} |`);
line('backbone', 'parameters without tables', 'AUC', 'log-loss', 'samples/s');
line('---', '---', '---', '---', '---');
for (const { name } of models) {
  const results: Result[] = [];
  for (let seed = 1; seed <= seeds; seed += 1) results.push(await fitted(name, seed));
  const mean = (figure: keyof Result): number => results.reduce((sum, result) => sum + result[figure], 0) / results.length;
  const spread = Math.max(...results.map((r) => r.auc)) - Math.min(...results.map((r) => r.auc));
  line(
    name,
    String(parametersOf(name, features.schema)),
    `${mean('auc').toFixed(4)} (${spread.toFixed(4)} between seeds)`,
    mean('logLoss').toFixed(4),
    median(results.map((r) => r.samplesPerSecond)).toFixed(0),
  );
}

async function fitted(backbone: string, seed: number): Promise<Result> {
  const path = values.out === undefined ? undefined : join(values.out, `${backbone}-${seed}-${most}-${epochs}.json`);
  if (path !== undefined && existsSync(path)) return JSON.parse(await readFile(path, 'utf8')) as Result;
  const ends: number[] = [];
  const model = await fitCtr({
    backbone,
    train,
    valid,
    options: { epochs },
    rng: createRng(seed),
    onEpoch: () => ends.push(performance.now()),
  });
  const probabilities = await model.predict(test);
  await model.dispose();
  const seconds = median(ends.slice(1).map((end, k) => (end - ends[k]!) / 1000));
  const result = {
    auc: auc(test.labels, probabilities),
    logLoss: logLoss(test.labels, probabilities),
    samplesPerSecond: train.length / seconds,
  };
  if (path !== undefined) await writeFileAtomic(path, `${JSON.stringify(result)}\n`);
  return result;
}

/** What a backbone learns besides the rows of tables. */
function parametersOf(name: string, schema: FeatureSchema): number {
  const backbone = findBackbone(name);
  const own = backbone.options.parse({}) as Record<string, unknown>;
  const leaves = namedLeaves(backbone.init(schema, { ...own, embeddingDimension: 16 }, createRng(0)));
  return leaves.reduce((sum, { leaf }) => sum + (leaf as HostTensor).data.length, 0);
}

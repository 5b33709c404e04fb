// Searches options of a CTR model by successive halving, from a file, and says how good the best ones are on test rows that took no part.
//   usage: npm run experiment -- ctr-search FILE [--out FOLDER]
// FILE is JSON:
//   { "dataset": "shop", "dataDir": "…", "data": { "kCore": 5 },
//     "backbone": "deepfm", "evidence": false, "events": false, "options": { "batchSize": 1024 },
//     "space": { "learningRate": { "from": 1e-4, "to": 1e-2, "scale": "log" }, "hidden": { "values": [[64], [128, 64]] } },
//     "trials": 27, "firstEpochs": 1, "epochs": 27, "reduction": 3, "metric": "valid/logloss", "seed": 1, "seeds": 3 }
// All but "space" may be left out. "dataset" is a dataset of `expctr-data`, with its folder and options, or "shop", a small made-up one that
// needs no folder. Trials are kept in FOLDER (default: FILE with the ending .search), and a search that was interrupted goes on from there.
// Then the best options are fitted with "seeds" seeds. A table in Markdown.
import { readFileSync } from 'node:fs';
import { createRng } from '@expctr/core';
import { auc, buildFeatures, fitSeeds, logLoss, searchCtr, searchSpace, selectRows } from '@expctr/ctr-models';
import { parseDataOptions, prepareDataset, prepareTables, rowsOf, type PreparedDataset } from '@expctr/data';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { z } from 'zod';
import { toolArguments, wrongUse } from '../common/arguments.js';
import { processor } from '../common/measure.js';
import { shopTables } from './shops.js';

const { values, positionals } = toolArguments({ out: { type: 'string' } }, 1);
const [file] = positionals;
if (file === undefined) wrongUse('a file is wanted that says what to search');

const positive = (most: number): z.ZodInt => z.int().min(1).max(most);
const searchFile = z.strictObject({
  dataset: z.string().default('shop'),
  dataDir: z.string().optional(),
  data: z.record(z.string(), z.unknown()).default({}),
  backbone: z.string().default('deepfm'),
  evidence: z.boolean().default(false),
  events: z.boolean().default(false),
  options: z.record(z.string(), z.unknown()).default({}),
  space: searchSpace,
  trials: positive(100_000).default(27),
  firstEpochs: positive(10_000).default(1),
  epochs: positive(10_000).default(27),
  reduction: positive(1000).default(3),
  metric: z.enum(['valid/logloss', 'valid/auc']).default('valid/logloss'),
  seed: z.int().min(0).max(0xffffffff).default(1),
  seeds: positive(1000).default(3),
});
const parsed = searchFile.safeParse(readJson(file));
if (!parsed.success) wrongUse(`${file}: ${parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}`);
const asked = parsed.data;

await useOnnx();
const { interactions, items } = await dataset();
const { evidence, events } = asked;
const rows = { train: rowsOf(interactions, 'train'), valid: rowsOf(interactions, 'valid'), test: rowsOf(interactions, 'test') };
const features = buildFeatures({ interactions, items, fitRows: rows.train, evidence, events });
const [train, valid, test] = [rows.train, rows.valid, rows.test].map((of) => selectRows(features, of)) as [
  typeof features,
  typeof features,
  typeof features,
];
console.log(`${processor()}; ${train.length} training, ${valid.length} validation and ${test.length} test rows\n`);

const { backbone, options, space, trials, firstEpochs, epochs, reduction, metric, seed } = asked;
const common = { backbone, train, valid, options };
const found = await searchCtr({
  ...common,
  space,
  trials,
  firstEpochs,
  epochs,
  reduction,
  metric,
  rng: createRng(seed),
  folder: values.out ?? `${file.replace(/\.json$/u, '')}.search`,
  onTrial: ({ trial, rung, metrics }) => console.error(`rung ${rung}, trial ${trial}: ${metrics?.[metric]?.toFixed(4) ?? 'failed'}`),
});
await found.model.dispose();

console.log('| trial | rung | epochs | valid log-loss | valid AUC | options |\n| --- | --- | --- | --- | --- | --- |');
for (const { trial, rung, bestEpoch, metrics, options: drawn } of found.trials) {
  const [loss, area] = [metrics?.['valid/logloss'], metrics?.['valid/auc']].map((value) => value?.toFixed(4) ?? '-');
  console.log(`| ${trial} | ${rung} | ${bestEpoch} | ${loss} | ${area} | ${JSON.stringify(drawn)} |`);
}

// The model's own options: those that were drawn for another backbone are not among them.

const seeds = Array.from({ length: asked.seeds }, (_each, at) => seed + at);
const best = await fitSeeds({
  ...common,
  backbone: found.model.backbone,
  options: { ...found.model.options, ...found.model.backboneOptions },
  seeds,
});
const predictions = await Promise.all(best.fits.map(({ model }) => model.predict(test)));
const line = (name: string, p: Float64Array): void =>
  console.log(`| ${name} | ${logLoss(test.labels, p).toFixed(4)} | ${auc(test.labels, p).toFixed(4)} |`);
console.log('\n| best options on test rows | log-loss | AUC |\n| --- | --- | --- |');
best.fits.forEach((each, at) => line(`seed ${each.seed}`, predictions[at]!));
line('mean of their probabilities', await best.predict(test));

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    return wrongUse(`${path} cannot be read as JSON: ${(error as Error).message}`);
  }
}

async function dataset(): Promise<Pick<PreparedDataset, 'interactions' | 'items'>> {
  const { dataset: name, dataDir, data } = asked;
  if (name === 'shop')
    return prepareTables(shopTables(asked.seed), { dataset: 'shop', seed: asked.seed, data: parseDataOptions({ kCore: 0, ...data }).data });
  if (dataDir === undefined) return wrongUse(`${file}: dataDir is missing for the dataset ${name}`);
  return prepareDataset({ dataset: name, dataDir, seed: asked.seed, ...data });
}

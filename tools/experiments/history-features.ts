// What a user's history is worth in different forms, without a language model: AUC on test rows of backbones that are given it as pooled
// ids, as past events (din) and as evidence in numbers, on simulated worlds, on small made-up shops whose users like categories, and on
// ml-latest-small where it is at hand. A table in Markdown.
//   usage: npm run experiment -- history-features [--worlds 3] [--users 300] [--shops 4] [--no-movielens]
// Every model is fitted on the CTR slice, with the options that a run has by default.
import { createRng } from '@expctr/core';
import { auc, buildFeatures, fitCtr, selectRows, type BackboneName } from '@expctr/ctr-models';
import { findDataset, parseDataOptions, prepareTables, rowsOf, type PreparedDataset } from '@expctr/data';
import { dataAsset } from '@expctr/test-support';
import { generateWorld, prepareWorld } from '@expctr/testbed';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { toolArguments, wholeNumber } from '../common/arguments.js';
import { processor } from '../common/measure.js';
import { categoryMeans, shopTables } from './shops.js';

const { values } = toolArguments({
  worlds: { type: 'string', default: '3' },
  users: { type: 'string', default: '300' },
  shops: { type: 'string', default: '4' },
  'no-movielens': { type: 'boolean', default: false },
});

interface Case {
  readonly name: string;
  readonly dataset: PreparedDataset;
}

const history = { length: 60 };
const numbered = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);
const { data: plain } = parseDataOptions({ kCore: 0, history });
const cases: Case[] = [
  ...numbered(wholeNumber('--worlds', values.worlds, 0)).map((seed) => ({
    name: `world ${seed}`,
    dataset: prepareWorld(generateWorld({ seed, users: wholeNumber('--users', values.users) }), { kCore: 0, history }),
  })),
  ...numbered(wholeNumber('--shops', values.shops, 0)).map((seed) => ({
    name: `shop ${seed}`,
    dataset: prepareTables(shopTables(seed), { dataset: 'shop', seed, data: plain }),
  })),
];
const movieLens = dataAsset('ml-latest-small');
if (!values['no-movielens'] && movieLens.missing === false) {
  const { data, options } = parseDataOptions({ history });
  const request = {
    dataDir: movieLens.path,
    seed: 1,
    onBadRow: 'fail' as const,
    data,
    options,
    temporaryFolder: () => Promise.reject(new Error()),
  };
  cases.push({ name: 'ml-latest-small', dataset: await findDataset('movielens').prepare(request) });
}

await useOnnx();
const models: readonly (readonly [name: string, backbone: BackboneName, evidence: boolean])[] = [
  ['deepfm', 'deepfm', false],
  ['din', 'din', false],
  ['logistic regression, evidence', 'logistic-regression', true],
  ['deepfm, evidence', 'deepfm', true],
  ['din, evidence', 'din', true],
];

console.log(`${processor()}\n`);
console.log(`| data | test rows | ${models.map(([name]) => name).join(' | ')} | user x category mean |`);
console.log(`| --- | --- | ${models.map(() => '---').join(' | ')} | --- |`);
for (const { name, dataset } of cases) {
  const { interactions } = dataset;
  const test = rowsOf(interactions, 'test');
  const labels = Uint8Array.from(test, (row) => interactions.label[row]!);
  const figures: number[] = [];
  for (const [, backbone, evidence] of models) figures.push(auc(labels, await predict(dataset, backbone, evidence, test)));
  const means = name.startsWith('shop') ? auc(labels, categoryMeans(dataset, test)).toFixed(3) : '';
  console.log(`| ${name} | ${test.length} | ${figures.map((figure) => figure.toFixed(3)).join(' | ')} | ${means} |`);
}

async function predict(
  { interactions, items }: PreparedDataset,
  backbone: BackboneName,
  evidence: boolean,
  test: Uint32Array,
): Promise<Float64Array> {
  const fitRows = rowsOf(interactions, 'train', 'ctr');
  const features = buildFeatures({ interactions, items, rows: interactions.interactionId, fitRows, evidence, events: backbone === 'din' });
  const model = await fitCtr({
    backbone,
    train: selectRows(features, fitRows),
    valid: selectRows(features, rowsOf(interactions, 'valid')),
    rng: createRng(1).fork('ctr'),
  });
  const predicted = await model.predict(selectRows(features, test));
  await model.dispose();
  return predicted;
}

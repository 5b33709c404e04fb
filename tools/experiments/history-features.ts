// What a user's history is worth in different forms, without a language model: AUC on test rows of backbones that are given it as pooled
// ids, as past events (din) and as evidence in numbers; of `id-history`, the one with evidence that ranks the validation rows best; and of
// a logistic regression on evidence that shares no code with them. On simulated worlds, on small made-up shops whose users like
// categories, and on ml-latest-small where it is at hand. A table in Markdown.
//   usage: npm run experiment -- history-features [--worlds 3] [--users 300] [--shops 4] [--no-movielens]
// Every model is fitted on the CTR slice, with the options that a run has by default. Exit status 1 where the outside regression is above
// `id-history` by more than 0.01.
import { createRng } from '@expctr/core';
import { auc, buildFeatures, findBackbone, fitCtr, selectRows, type Features } from '@expctr/ctr-models';
import { findDataset, parseDataOptions, prepareTables, rowsOf, type PreparedDataset } from '@expctr/data';
import { dataAsset } from '@expctr/test-support';
import { generateWorld, prepareWorld } from '@expctr/testbed';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { resolveConfig } from '@expctr/trainer';
import { toolArguments, wholeNumber } from '../common/arguments.js';
import { processor } from '../common/measure.js';
import { outsideRegression } from './outside-regression.js';
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

const BOUND = 0.01;
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
const { history: backbones, historyL2 } = (await resolveConfig({})).config.ctr;
const line = (cells: readonly string[]): void => console.log(`| ${cells.join(' | ')} |`);
const head = [
  'data',
  'test rows',
  'deepfm',
  'din',
  ...backbones.map((name) => `${name}, evidence`),
  'id-history',
  'chosen',
  'outside regression',
  'user x category mean',
];
console.log(`${processor()}\n`);
line(head);
line(head.map(() => '---'));
for (const { name, dataset } of cases) {
  const test = rowsOf(dataset.interactions, 'test');
  const labels = Uint8Array.from(test, (row) => dataset.interactions.label[row]!);
  const ids = [await judge(dataset, { backbone: 'deepfm', evidence: false }), await judge(dataset, { backbone: 'din', evidence: false })];
  const candidates: Judged[] = [];
  for (const backbone of backbones)
    for (const embeddingL2 of historyL2) candidates.push(await judge(dataset, { backbone, embeddingL2, evidence: true }));
  const best = (some: readonly Judged[]): Judged => some.reduce((a, b) => (b.valid > a.valid ? b : a));
  const chosen = best(candidates);
  const outside = auc(labels, outsideRegression(dataset, test));
  if (outside > chosen.test + BOUND) process.exitCode = 1;
  const means = name.startsWith('shop') ? auc(labels, categoryMeans(dataset, test)) : null;
  const shown = [...ids, ...backbones.map((backbone) => best(candidates.filter((one) => one.backbone === backbone))), chosen];
  line([
    name,
    String(test.length),
    ...shown.map((one) => one.test.toFixed(3)),
    `${chosen.backbone}, L2 ${chosen.embeddingL2}`,
    outside.toFixed(3),
    means?.toFixed(3) ?? '',
  ]);
}

interface Model {
  readonly backbone: string;
  readonly evidence: boolean;
  /** Default: that of fits. */
  readonly embeddingL2?: number;
}

/** A model, and its AUC on validation and test rows. */
interface Judged extends Model {
  readonly valid: number;
  readonly test: number;
}

async function judge({ interactions, items }: PreparedDataset, asked: Model): Promise<Judged> {
  const { backbone, evidence, embeddingL2 } = asked;
  const fitRows = rowsOf(interactions, 'train', 'ctr');
  const events = findBackbone(backbone).usesSequences === true;
  const features = buildFeatures({ interactions, items, rows: interactions.interactionId, fitRows, evidence, events });
  const [valid, test] = [selectRows(features, rowsOf(interactions, 'valid')), selectRows(features, rowsOf(interactions, 'test'))];
  const options = embeddingL2 === undefined ? {} : { embeddingL2 };
  const model = await fitCtr({ backbone, train: selectRows(features, fitRows), valid, options, rng: createRng(1).fork('ctr') });
  const aucOf = async (part: Features): Promise<number> => auc(part.labels, await model.predict(part));
  const judged = { ...asked, valid: await aucOf(valid), test: await aucOf(test) };
  await model.dispose();
  return judged;
}

// Does the method find true reasons? A testbed preset over several seeds: quality of explanations, predictors, and whether rewards track quality.
//   usage: npm run experiment -- testbed-seeds [--preset testbed|testbed-large] [--seeds N] [--out FOLDER] [--set path=value …]
// Runs FOLDER/PRESET-SEED for each seed that has no metrics.json there yet (every seed is another world), then prints Markdown tables:
// means over seeds with 95 % intervals (Student's t), curves of the rewards, KL and F1 of the first seed, and thirty explanations.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { auc } from '@expctr/ctr-models';
import { explanationsFromTable, itemText, predictionsFromTable, readDataset, readTable, rowsOf } from '@expctr/data';
import { readTruth, trueReasons } from '@expctr/testbed';

const { values: given } = parseArgs({
  options: {
    preset: { type: 'string', default: 'testbed' },
    seeds: { type: 'string', default: '5' },
    out: { type: 'string', default: 'runs' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
const seeds = Array.from({ length: Number(given.seeds) }, (_, at) => at + 1);
const folderOf = (seed) => join(given.out, `${given.preset}-${seed}`);
for (const seed of seeds) {
  if (existsSync(join(folderOf(seed), 'metrics.json'))) continue;
  process.stderr.write(`seed ${seed}\n`);
  const args = [
    'apps/trainer/bin/expctr-train.js',
    '--preset',
    given.preset,
    '--seed',
    seed,
    '--out',
    folderOf(seed),
    ...given.set.flatMap((one) => ['--set', one]),
  ];
  const { status } = spawnSync(process.execPath, args.map(String), { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`seed ${seed} ended with status ${status}`);
}
const runs = await Promise.all(seeds.map((seed) => readRun(folderOf(seed))));

process.stdout.write(`## ${given.preset}: ${seeds.length} seeds, ${runs[0].metrics.counts.testRows} test rows in the first\n\n`);
table(
  'Explanations by',
  ['F1', 'precision', 'recall', 'claimsPerExplanation', 'polarityAccuracy', 'signAuc', 'hallucinationRate', 'distinct2'],
  [
    ...['base', 'baseSampled', 'stage1', 'stage3'].map((stage) => [
      stage,
      (name) =>
        ({ metrics }) =>
          metrics.quality[stage]?.[name === 'F1' ? 'f1' : name],
    ]),
    [
      'ceiling',
      (name) =>
        ({ metrics }) =>
          metrics.ceiling?.[name === 'F1' ? 'f1' : name],
    ],
  ],
);
list('Gains in F1', [
  ['stage 1 - better base', ({ metrics }) => metrics.qualityDifferences.stage1[metrics.betterBase].f1],
  ['stage 3 - stage 1', ({ metrics }) => metrics.qualityDifferences.stage3.stage1.f1],
  ['stage 3 - better base', ({ metrics }) => metrics.qualityDifferences.stage3[metrics.betterBase].f1],
  ['share of the gap to the ceiling closed', ({ metrics }) => metrics.gapClosed],
]);
const rewards = ['stage1-rollouts', 'stage3-1-rollouts'].flatMap((file) =>
  Object.keys(runs[0].metrics.rewardQuality[file] ?? {}).map((reward) => [file, reward]),
);
list(
  'Rank correlation of rewards with F1',
  rewards.flatMap(([file, reward]) => [
    [`${file}, ${reward}, over all`, ({ metrics }) => metrics.rewardQuality[file]?.[reward]?.spearman],
    [`${file}, ${reward}, within a prompt`, ({ metrics }) => metrics.rewardQuality[file]?.[reward]?.withinPrompt],
  ]),
);
list(
  'What one more claim pays within a prompt',
  rewards.flatMap(([file, reward]) =>
    ['reasonToward', 'neutralToward', 'reasonAway', 'neutralAway'].map((kind) => [
      `${file}, ${reward}, ${kind}`,
      ({ metrics }) => metrics.rewardQuality[file]?.[reward]?.byClaim?.[kind],
    ]),
  ),
);
list('AUC of predictors', [
  ...Object.keys(runs[0].metrics.predictors).map((name) => [name, ({ metrics }) => metrics.predictors[name]?.auc]),
  ['history (limit)', ({ metrics }) => metrics.ceiling.historyAuc],
  ['Bayes (limit)', ({ metrics }) => metrics.ceiling.bayesAuc],
]);
list('AUC of expctr-aug less that of', [
  ...['shuffled-aug', 'item-text-aug', 'prompt-text-aug', 'verdict-aug', 'post-hoc-aug'].map((name) => [
    name,
    ({ area }) => area('all', 'expctr-aug') - area('all', name),
  ]),
  [
    'the better of id-only and id-only-full, cold half of the users',
    ({ area }) => area('cold', 'expctr-aug') - Math.max(area('cold', 'id-only'), area('cold', 'id-only-full')),
  ],
  ['the same, warm half', ({ area }) => area('warm', 'expctr-aug') - Math.max(area('warm', 'id-only'), area('warm', 'id-only-full'))],
]);
curves(runs[0]);
await examples(folderOf(seeds[0]));

async function readRun(folder) {
  const metrics = JSON.parse(readFileSync(join(folder, 'metrics.json'), 'utf8'));
  const updates = readFileSync(join(folder, 'log.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ event }) => event === 'update');
  const { interactions } = await readDataset(join(folder, 'data'));
  const predictions = predictionsFromTable(await readTable(join(folder, 'predictions', 'test.arrow')));
  const trained = new Map();
  for (const row of rowsOf(interactions, 'train')) trained.set(interactions.user[row], (trained.get(interactions.user[row]) ?? 0) + 1);
  const test = [...rowsOf(interactions, 'test')];
  const counts = [...new Set(test.map((row) => interactions.user[row]))].map((user) => trained.get(user) ?? 0).sort((a, b) => a - b);
  const median = counts[Math.floor(counts.length / 2)];
  const inHalf = {
    all: () => true,
    cold: (row) => (trained.get(interactions.user[row]) ?? 0) < median,
    warm: (row) => (trained.get(interactions.user[row]) ?? 0) >= median,
  };
  function area(half, name) {
    const { interactionId, label, probability } = predictions.find(({ model }) => model === name);
    const kept = Array.from(interactionId).flatMap((row, at) => (inHalf[half](row) ? [at] : []));
    return auc(
      kept.map((at) => label[at]),
      kept.map((at) => probability[at]),
    );
  }
  return { metrics, updates, area };
}

/** Mean over seeds with Student's 95 % interval; seeds without the figure are left out. */
function overSeeds(of, digits = 3) {
  const values = runs.map(of).filter((value) => typeof value === 'number' && Number.isFinite(value));
  if (values.length === 0) return '–';
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return mean.toFixed(digits);
  const T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
  const half = ((T[values.length - 2] ?? 1.96) * deviation) / Math.sqrt(values.length);
  return `${mean.toFixed(digits)} [${(mean - half).toFixed(digits)}, ${(mean + half).toFixed(digits)}]`;
}

function table(head, names, rows) {
  process.stdout.write(`| ${head} | ${names.join(' | ')} |\n|${' --- |'.repeat(names.length + 1)}\n`);
  for (const [title, of] of rows) process.stdout.write(`| ${title} | ${names.map((name) => overSeeds(of(name))).join(' | ')} |\n`);
  process.stdout.write('\n');
}

function list(head, rows) {
  process.stdout.write(
    `| ${head} | mean over seeds [95 %] |\n| --- | --- |\n${rows.map(([title, of]) => `| ${title} | ${overSeeds(of)} |`).join('\n')}\n\n`,
  );
}

/** Means over tenths of the updates. */
function curves({ updates }) {
  for (const stage of ['stage1', 'stage3']) {
    const own = updates.filter((line) => line.stage === stage);
    if (own.length === 0) continue;
    const names = Object.keys(own[0].metrics).filter((name) => /^objective\/(?:kl|entropy|scores)|^reward\/[a-z]+$/u.test(name));
    process.stdout.write(`| ${stage}, updates | ${names.join(' | ')} |\n|${' --- |'.repeat(names.length + 1)}\n`);
    const size = Math.ceil(own.length / 10);
    for (let begin = 0; begin < own.length; begin += size) {
      const part = own.slice(begin, begin + size);
      const mean = (name) => part.reduce((sum, { metrics }) => sum + metrics[name], 0) / part.length;
      process.stdout.write(`| ${begin + 1}–${begin + part.length} | ${names.map((name) => mean(name).toFixed(3)).join(' | ')} |\n`);
    }
    process.stdout.write('\n');
  }
}

/** Thirty test rows of different users, drawn evenly. */
async function examples(folder) {
  const { interactions, items } = await readDataset(join(folder, 'data'));
  const truth = await readTruth(join(folder, 'data', 'truth.arrow'));
  const [base, final] = await Promise.all(
    ['post-hoc', 'final'].map(async (name) => {
      const { interactionId, read } = explanationsFromTable(await readTable(join(folder, 'explanations', `${name}.arrow`)));
      return new Map(Array.from(interactionId, (row, at) => [row, read[at]]));
    }),
  );
  const firstOfUser = [...new Map([...rowsOf(interactions, 'test')].map((row) => [interactions.user[row], row])).values()];
  const step = Math.max(1, Math.floor(firstOfUser.length / 30));
  process.stdout.write('| item | chosen | before | after | true reasons |\n| --- | --- | --- | --- | --- |\n');
  for (const row of firstOfUser.filter((_, at) => at % step === 0).slice(0, 30)) {
    const reasons = trueReasons(truth[row])
      .map(({ value, sign }) => `${sign > 0 ? '+' : '−'}${value}`)
      .join(' ');
    const attributes = Object.values(itemText(items, interactions.item[row]).attributes).flat().join(' ');
    process.stdout.write(
      `| ${attributes} | ${interactions.label[row] === 1 ? 'yes' : 'no'} | ${base.get(row)} | ${final.get(row)} | ${reasons} |\n`,
    );
  }
}

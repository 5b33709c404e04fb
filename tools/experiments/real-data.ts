// Do explanations of a real language model make predictions on real data better? The predictors of the fair fight on MovieLens and Amazon.
//   usage: npm run experiment -- real-data --llm MODEL --encoder MODEL --data FOLDER [--sets movielens,amazon] [--seeds N] [--out FOLDER] [--set path=value …]
//   --llm, --encoder   folders or hub ids, as of expctr-train
//   --data             holds the datasets in folders of these names: ml-latest-small, amazon-digital-music-2014
//   --seeds            default 3; each takes other users, random streams and texts
//   --set              of both sets, beside the preset movielens-small
// Makes OUT/SET-SEED, or goes on with it, then prints Markdown tables: the AUC of every predictor and that of `expctr-aug` less it, means
// over seeds, with 95 % intervals by a bootstrap over the users of all seeds; what a run takes; texts before and after training.
import { join } from 'node:path';
import { readTiming, type RunFolder } from '@expctr/run';
import { toolArguments, wholeNumber, wrongUse } from '../common/arguments.js';
import { mean, processor } from '../common/measure.js';
import { overUsers } from './over-users.js';
import { runSeeds, setting } from './run-seeds.js';
import { examples } from './seed-pages.js';
import { readSeedRun } from './seed-run.js';
import { markdown } from './seed-tables.js';

/** Of each dataset its folder, and what it adds to the preset. */
const SETS = {
  movielens: ['ml-latest-small'],
  // its files end early, as they were published
  amazon: ['amazon-digital-music-2014', 'data.truncated=keep'],
} as const;

const { values: given } = toolArguments({
  llm: { type: 'string' },
  encoder: { type: 'string' },
  data: { type: 'string' },
  sets: { type: 'string', default: Object.keys(SETS).join() },
  seeds: { type: 'string', default: '3' },
  out: { type: 'string', default: 'runs/real-data' },
  set: { type: 'string', multiple: true, default: [] },
});
const { llm = wrongUse('no --llm is given'), encoder = wrongUse('no --encoder is given'), data = wrongUse('no --data is given') } = given;
const seeds = Array.from({ length: wholeNumber('--seeds', given.seeds) }, (_, at) => at + 1);
const isSet = (name: string): name is keyof typeof SETS => Object.hasOwn(SETS, name);
const sets = given.sets
  .split(',')
  .map((name) => (isSet(name) ? name : wrongUse(`--sets takes ${Object.keys(SETS).join(', ')}; got "${name}"`)));

const print = (text: string): void => void process.stdout.write(`${text}\n\n`);
print(processor());
for (const name of sets) {
  const [folder, ...own] = SETS[name];
  const models = ['--preset', 'movielens-small', '--dataset', name, '--data-dir', join(data, folder), '--llm', llm, '--encoder', encoder];
  const folders = runSeeds({
    out: given.out,
    name,
    seeds,
    args: [...models, ...setting([...own, ...given.set])],
  });
  await show(name, folders);
}

async function show(name: string, folders: readonly RunFolder[]): Promise<void> {
  const runs = await Promise.all(folders.map(readSeedRun));
  const total = (count: string): number => runs.reduce((sum, { metrics }) => sum + metrics.counts[count]!, 0);
  print(
    `## ${name}: ${seeds.length} seeds, ${total('testRows')} test rows of ${total('testUsers')} users, ${total('ctrRows')} CTR rows in all`,
  );

  const predictors = await overUsers(folders, true);
  const lines = predictors.map(({ name: of, auc, less }) => [`\`${of}\``, auc, less]);
  print(markdown(['predictor', 'AUC', '`expctr-aug` less it'], lines));

  print(
    markdown(
      ['seed', 'reader', 'AUC of reasons', 'of verdicts', 'opponent', 'less it'],
      runs.map(({ metrics }, at) => {
        const { readerCheck } = metrics;
        const form = readerCheck?.forms.find((one) => one.form === readerCheck.chosen);
        const opponent = metrics.differences['expctr-aug']?.['opponent'];
        const figure = (value: number | null | undefined): string => (typeof value === 'number' ? value.toFixed(3) : '–');
        return [
          String(seeds[at]),
          form?.form ?? '–',
          figure(form?.aucReasons),
          figure(form?.aucVerdict),
          opponent?.against ?? '–',
          figure(opponent?.auc),
        ];
      }),
    ),
  );

  const times = await Promise.all(folders.map(readTiming));
  const parts = times[0]!.filter((line) => !('phases' in line)).map(({ name: part }) => part);
  const seconds = (part: unknown): number => mean(times.map((lines) => Number(lines.find((line) => line['name'] === part)?.['seconds'])));
  print(
    markdown(
      ['part of a run', 'seconds'],
      parts.map((part) => [String(part), seconds(part).toFixed(0)]),
    ),
  );
  print(await examples(folders[0]!));
}

// Do explanations of a real language model make predictions on real data better? The predictors of the fair fight on MovieLens and Amazon.
//   usage: npm run experiment -- real-data --llm MODEL --encoder MODEL --data FOLDER [--sets movielens,amazon] [--seeds N] [--out FOLDER] [--set path=value …]
//   --llm, --encoder   folders or hub ids, as of expctr-train
//   --data             holds the datasets in folders of these names: ml-latest-small, amazon-digital-music-2014
//   --seeds            default 3; each takes other users, random streams and texts
//   --set              of both sets, beside the preset movielens-small and 2,000 interactions
// Makes OUT/SET-SEED, or goes on with it, then prints Markdown tables: the AUC of every predictor and that of `expctr-aug` less it, means
// over seeds, with 95 % intervals by a bootstrap over the users of all seeds; what a run takes; texts before and after training.
import { join } from 'node:path';
import { readDataset, predictionsFromTable, readTable } from '@expctr/data';
import { readTiming, type RunFolder } from '@expctr/run';
import { toolArguments, wholeNumber, wrongUse } from '../common/arguments.js';
import { mean, processor } from '../common/measure.js';
import { runSeeds, setting } from './run-seeds.js';
import { examples } from './seed-pages.js';
import { readSeedRun } from './seed-run.js';
import { markdown } from './seed-tables.js';
import { aucAt, intervals } from './user-bootstrap.js';

/** What a set adds to the preset. */
const SETS = {
  movielens: ['--dataset', 'movielens', 'ml-latest-small'],
  // its files end early, as they were published
  amazon: ['--dataset', 'amazon', 'amazon-digital-music-2014', 'data.truncated=keep'],
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
  const [flag, dataset, folder, ...own] = SETS[name];
  const models = ['--preset', 'movielens-small', flag, dataset, '--data-dir', join(data, folder), '--llm', llm, '--encoder', encoder];
  const folders = runSeeds({
    out: given.out,
    name,
    seeds,
    args: [...models, ...setting(['data.maxInteractions=2000', ...own, ...given.set])],
  });
  await show(name, folders);
}

async function show(name: string, folders: readonly RunFolder[]): Promise<void> {
  const runs = await Promise.all(folders.map(readSeedRun));
  const total = (count: string): number => runs.reduce((sum, { metrics }) => sum + metrics.counts[count]!, 0);
  print(
    `## ${name}: ${seeds.length} seeds, ${total('testRows')} test rows of ${total('testUsers')} users, ${total('ctrRows')} CTR rows in all`,
  );

  const tests = await Promise.all(folders.map(testRows));
  const person = tests.flatMap((test) => test.person); // who is in several samples is one person
  const numbers = new Map([...new Set(person)].map((id, at) => [id, at]));
  const user = person.map((id) => numbers.get(id)!);
  const seedOf = tests.flatMap((test, seed) => test.person.map(() => seed));
  const label = tests.flatMap((test) => test.label);
  const names = Object.keys(tests[0]!.probability);
  const meanArea = (of: string): ((rows: readonly number[]) => number) => {
    const probability = tests.flatMap((test) => test.probability[of]!);
    return (rows) =>
      mean(
        tests.map((_, seed) =>
          aucAt(
            probability,
            label,
            rows.filter((row) => seedOf[row] === seed),
          ),
        ),
      );
  };
  const explained = meanArea('expctr-aug');
  const lines = names.map((of) => {
    const area = meanArea(of);
    const statistic = (rows: readonly number[]) => ({ area: area(rows), less: explained(rows) - area(rows) });
    const { area: auc, areaInterval, less, lessInterval } = intervals(statistic, user);
    return [`\`${of}\``, withInterval(auc, areaInterval), of === 'expctr-aug' ? '' : withInterval(less, lessInterval)];
  });
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

/** A run's test rows. */
async function testRows({ data: dataset, predictions }: RunFolder): Promise<{
  /** Ids as in the data. */
  readonly person: readonly string[];
  readonly label: readonly number[];
  readonly probability: Readonly<Record<string, readonly number[]>>;
}> {
  const { interactions } = await readDataset(dataset);
  const found = predictionsFromTable(await readTable(predictions));
  const { interactionId, label } = found[0]!;
  return {
    person: Array.from(interactionId, (row) => interactions.userIds[interactions.user[row]!]!),
    label: Array.from(label),
    probability: Object.fromEntries(found.map(({ model, probability }) => [model, Array.from(probability)])),
  };
}

const withInterval = (value: number, [low, high]: readonly [number, number]): string =>
  `${value.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;

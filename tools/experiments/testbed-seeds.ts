// Does the method find true reasons? A testbed preset over several seeds: quality of explanations, predictors, and whether rewards track quality.
//   usage: npm run experiment -- testbed-seeds [--preset testbed|testbed-large] [--seeds N] [--out FOLDER] [--set path=value …]
// Makes FOLDER/PRESET-SEED for each seed, or goes on with it (every seed is another world), then prints Markdown tables:
// means over seeds with 95 % intervals (Student's t), curves of the rewards, KL and F1 of the first seed, and thirty explanations.
import { toolArguments, wholeNumber } from '../common/arguments.js';
import { runSeeds, setting } from './run-seeds.js';
import { overUsers } from './over-users.js';
import { curves, examples } from './seed-pages.js';
import { readSeedRun, type SeedRun } from './seed-run.js';
import { list, markdown, table, type FigureOf } from './seed-tables.js';

const {
  values: { preset, out, set, ...given },
} = toolArguments({
  preset: { type: 'string', default: 'testbed' },
  seeds: { type: 'string', default: '5' },
  out: { type: 'string', default: 'runs' },
  set: { type: 'string', multiple: true, default: [] },
});
const seeds = Array.from({ length: wholeNumber('--seeds', given.seeds) }, (_, at) => at + 1);
const folders = runSeeds({ out, name: preset, seeds, args: ['--preset', preset, ...setting(set)] });
const runs = await Promise.all(folders.map(readSeedRun));
const first = runs[0]!;
const print = (text: string): void => void process.stdout.write(`${text}\n\n`);

print(`## ${preset}: ${seeds.length} seeds, ${first.metrics.counts['testRows']} test rows in the first`);

const QUALITY = ['precision', 'recall', 'claimsPerExplanation', 'polarityAccuracy', 'signAuc', 'hallucinationRate', 'distinct2'] as const;
const stageRow = (stage: string): [string, FigureOf[]] => [
  stage,
  (['f1', ...QUALITY] as const).map(
    (name) =>
      ({ metrics }: SeedRun) =>
        metrics.quality[stage]?.[name],
  ),
];
const ceilingRow: [string, FigureOf[]] = [
  'ceiling',
  ['f1', ...QUALITY].map((name) => ({ metrics }: SeedRun) => {
    const figure: unknown = (metrics.ceiling as Readonly<Record<string, unknown>> | null)?.[name];
    return typeof figure === 'number' ? figure : null; // polarity, signs and variety have none
  }),
];
print(table(runs, 'Explanations by', ['F1', ...QUALITY], [...['base', 'baseSampled', 'stage1', 'stage3'].map(stageRow), ceilingRow]));

const gain =
  (stage: string, against?: string): FigureOf =>
  ({ metrics }) =>
    metrics.qualityDifferences[stage]?.[against ?? metrics.betterBase ?? 'base']?.f1;
print(
  list(runs, 'Gains in F1', [
    ['stage 1 - better base', gain('stage1')],
    ['stage 3 - stage 1', gain('stage3', 'stage1')],
    ['stage 3 - better base', gain('stage3')],
    ['share of the gap to the ceiling closed', ({ metrics }) => metrics.gapClosed],
  ]),
);

const rewards = ['stage1-rollouts', 'stage3-1-rollouts'].flatMap((file) =>
  Object.keys(first.metrics.rewardQuality[file] ?? {}).map((reward) => ({ file, reward })),
);
print(
  list(
    runs,
    'Rank correlation of rewards with F1',
    rewards.flatMap(({ file, reward }): [string, FigureOf][] => [
      [`${file}, ${reward}, over all`, ({ metrics }) => metrics.rewardQuality[file]?.[reward]?.spearman],
      [`${file}, ${reward}, within a prompt`, ({ metrics }) => metrics.rewardQuality[file]?.[reward]?.withinPrompt],
    ]),
  ),
);
const KINDS = ['reasonToward', 'neutralToward', 'reasonAway', 'neutralAway'] as const;
print(
  list(
    runs,
    'What one more claim pays within a prompt',
    rewards.flatMap(({ file, reward }) =>
      KINDS.map((kind): [string, FigureOf] => [
        `${file}, ${reward}, ${kind}`,
        ({ metrics }) => metrics.rewardQuality[file]?.[reward]?.byClaim?.[kind],
      ]),
    ),
  ),
);
print(
  list(runs, 'AUC of predictors', [
    ...Object.keys(first.metrics.predictors).map((name): [string, FigureOf] => [name, ({ metrics }) => metrics.predictors[name]?.auc]),
    ['history (limit)', ({ metrics }) => metrics.ceiling?.historyAuc],
    ['Bayes (limit)', ({ metrics }) => metrics.ceiling?.bayesAuc],
  ]),
);
const opponents = ['id-history', 'icl', 'icl-aug', 'template-aug', 'post-hoc-aug', 'verdict-aug'];
const others = ['shuffled-aug', 'item-text-aug', 'prompt-text-aug'];
const less =
  (name: string, half: 'all' | 'cold' | 'warm' = 'all'): FigureOf =>
  ({ area }) =>
    area(half, 'expctr-aug') - area(half, name);
print(
  list(runs, 'AUC of expctr-aug less that of', [
    ['the strongest opponent of each run', ({ metrics }) => metrics.differences['expctr-aug']?.['opponent']?.auc],
    ...[...opponents, ...others].map((name): [string, FigureOf] => [name, less(name)]),
    ['id-history, cold half of the users', less('id-history', 'cold')],
    ['the same, warm half', less('id-history', 'warm')],
  ]),
);
const predictors = await overUsers(folders, false);
print(
  markdown(
    ['mean over seeds [95 % over users]', 'AUC', 'AUC of expctr-aug less it'],
    predictors.map(({ name, auc, less }) => [name, auc, less]),
  ),
);
print(
  list(
    runs,
    'Learning curve: AUC by CTR rows, and over id-history',
    Object.entries(first.metrics.learningCurve).flatMap(([name, points]) =>
      points.flatMap((_, at): [string, FigureOf][] => {
        const rows = at === points.length - 1 ? 'all' : String(points[at]!.rows);
        const of = ({ metrics }: SeedRun) => metrics.learningCurve[name]?.[at];
        const area: [string, FigureOf] = [`${name}, ${rows}`, (run) => of(run)?.auc];
        return name === 'id-history' ? [area] : [area, [`${name} less id-history, ${rows}`, (run) => of(run)?.overHistory]];
      }),
    ),
  ),
);
for (const page of curves(first)) print(page);
print(await examples(folders[0]!));

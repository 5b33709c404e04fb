// Which algorithm? Every one of policy optimization on the testbed, each with as much wall time for its updates as the others.
// usage: npm run experiment -- algorithms [--worlds 3] [--seeds 3] [--seconds 90] [--algorithms NAME,…] [--rates 2e-3,4e-3,8e-3]
//   [--preset testbed] [--out runs/algorithms] [--set path=value …]
//   --worlds, --seeds  runs of an algorithm: every seed in every world
//   --seconds          wall time of an algorithm's updates in stage 1: how fast it is is measured first, and gives their number
//   --rates            learning rates, of which each algorithm gets the one that earned it most in a world of its own
// Stages 2 and 3 are left out: what is compared is stage 1, and the CTR model that stands on its explanations. What is made already is
// kept, so that the command can be stopped and given again. Prints tables in Markdown (means over all runs with Student's 95 %
// intervals, and differences from the first algorithm by world and seed) and draws OUT/curves.svg: reward by wall time.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runFolder } from '@expctr/run';
import { build } from '../build.js';
import { toolArguments, wholeNumber, wrongUse } from '../common/arguments.js';
import { mean, processor } from '../common/measure.js';
import { bestLearningRate, figureAtEnd, secondsPerUpdate, wholeRun, type Comparison, type Variant } from './algorithm-runs.js';
import { drawCurves, type Curve } from './reward-curves.js';
import { readSeedRun, type SeedRun } from './seed-run.js';
import { markdown, meanWithInterval, overSeeds, type FigureOf } from './seed-tables.js';

const GROUP = 'ppo.algorithm=grpo';

/** What is compared: the first is what the others are held against. Each has the KL of the preset, where it has one at all. */
const VARIANTS: readonly Variant[] = [
  { name: 'rloo', sets: ['ppo.algorithm=rloo'] },
  { name: 'ppo', sets: ['ppo.algorithm=ppo', 'ppo.klCoefficient=0.01'] },
  { name: 'grpo', sets: [GROUP, 'ppo.lossType=grpo'] },
  { name: 'dapo', sets: [GROUP, 'ppo.lossType=dapo', 'ppo.epsilonHigh=0.28'] },
  { name: 'dr-grpo', sets: [GROUP, 'ppo.lossType=dr-grpo', 'ppo.scaleRewards=none'] },
  { name: 'cispo', sets: [GROUP, 'ppo.lossType=cispo'] },
  { name: 'gspo', sets: [GROUP, 'ppo.lossType=grpo', 'ppo.importanceSamplingLevel=sequence'] },
  { name: 'reinforce++', sets: ['ppo.algorithm=reinforce++'] },
  { name: 'expert-iteration', sets: ['ppo.algorithm=expert-iteration'] },
  { name: 'weighted-sft', sets: ['ppo.algorithm=weighted-sft'] },
  { name: 'dpo', sets: ['ppo.algorithm=dpo'] },
];

const { values: given } = toolArguments({
  preset: { type: 'string', default: 'testbed' },
  worlds: { type: 'string', default: '3' },
  seeds: { type: 'string', default: '3' },
  seconds: { type: 'string', default: '90' },
  rates: { type: 'string', default: '2e-3,4e-3,8e-3' },
  algorithms: { type: 'string', default: VARIANTS.map(({ name }) => name).join() },
  out: { type: 'string', default: 'runs/algorithms' },
  set: { type: 'string', multiple: true, default: [] },
});
const count = (flag: 'worlds' | 'seeds'): number[] => Array.from({ length: wholeNumber(`--${flag}`, given[flag]) }, (_, at) => at + 1);
const [worlds, seeds, budget] = [count('worlds'), count('seeds'), wholeNumber('--seconds', given.seconds)];
const rates = given.rates.split(',');
const variants = given.algorithms.split(',').map((name) => {
  const known = VARIANTS.map((variant) => variant.name).join(', ');
  return VARIANTS.find((variant) => variant.name === name) ?? wrongUse(`--algorithms takes ${known}; got "${name}"`);
});
const cheap = ['iterations=0', 'ctr.learningCurve=[]', 'data.users=120'];
const comparison: Comparison = { out: given.out, preset: given.preset, sets: [...cheap, ...given.set] };
const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** An algorithm with what was found out about it, and its runs in the order of worlds and seeds. */
interface Contestant extends Variant {
  readonly seconds: number;
  readonly updates: number;
  readonly rate: string;
  readonly runs: SeedRun[];
}

build('@expctr/trainer');
mkdirSync(given.out, { recursive: true });
// one after the other, before anything else, so that all are measured in the same minutes
const paces: number[] = [];
for (const variant of variants) paces.push(await secondsPerUpdate(comparison, variant));
const contestants: Contestant[] = [];
for (const [at, variant] of variants.entries()) {
  const seconds = paces[at]!;
  const updates = Math.max(1, Math.round(budget / seconds));
  say(`${variant.name}: ${seconds.toFixed(2)} s an update, ${updates} updates`);
  const rate = rates.length === 1 ? rates[0]! : await bestLearningRate(comparison, variant, updates, rates);
  say(`${variant.name}: learning rate ${rate}`);
  contestants.push({ ...variant, seconds, updates, rate, runs: [] });
}
for (const world of worlds) {
  for (const seed of seeds) {
    for (const { name, sets, updates, rate, runs } of contestants) {
      say(`world ${world}, seed ${seed}: ${name}`);
      const folder = runFolder(join(given.out, `${name}-${world}-${seed}`));
      wholeRun(comparison, folder, world, seed, [...sets, `ppo.stage1Updates=${updates}`, `ppo.learningRate=${rate}`]);
      runs.push(await readSeedRun(folder));
    }
  }
}

const print = (text: string): void => void process.stdout.write(`${text}\n\n`);
const atEnd =
  (name: string): FigureOf =>
  ({ updates }) =>
    figureAtEnd(updates, name, 10);
const FIGURES: readonly (readonly [title: string, figure: FigureOf])[] = [
  ['reward, last tenth', atEnd('objective/scores')],
  ['F1 of reasons', ({ metrics }) => metrics.quality['stage1']?.f1],
  ['AUC of expctr-aug', ({ area }) => area('all', 'expctr-aug')],
  ['less id-history', ({ area }) => area('all', 'expctr-aug') - area('all', 'id-history')],
  ['KL, nats a completion', atEnd('objective/kl')],
  ['tokens a completion', atEnd('completions/mean_length')],
];
const columns = FIGURES.map(([title]) => title);

print(`${processor()}; ${budget} s of updates each, ${worlds.length} worlds, ${seeds.length} seeds`);
print(
  markdown(
    ['', 'seconds an update', 'updates', 'learning rate'],
    contestants.map(({ name, seconds, updates, rate }) => [name, seconds.toFixed(2), String(updates), rate]),
  ),
);
print(
  markdown(
    ['mean [95 %]', ...columns],
    contestants.map(({ name, runs }) => [name, ...FIGURES.map(([, of]) => overSeeds(runs, of))]),
  ),
);
const [first] = contestants as [Contestant];
print(
  markdown(
    [`less ${first.name}, by world and seed`, ...columns],
    contestants
      .slice(1)
      .map(({ name, runs }) => [
        name,
        ...FIGURES.map(([, of]) => meanWithInterval(runs.map((run, at) => (of(run) ?? NaN) - (of(first.runs[at]!) ?? NaN)))),
      ]),
  ),
);
const curves = contestants.map(({ name, seconds, updates, runs }) => ({ name, points: meanCurve(runs, updates, seconds) }));
writeFileSync(join(given.out, 'curves.svg'), await drawCurves(curves));
print(`Reward by wall time: ${join(given.out, 'curves.svg')}`);

/** Mean reward of all runs over tenths of the updates. */
function meanCurve(runs: readonly SeedRun[], updates: number, seconds: number): Curve['points'] {
  const parts = Math.min(10, updates);
  return Array.from({ length: parts }, (_, part) => {
    const [from, to] = [Math.floor((part * updates) / parts), Math.floor(((part + 1) * updates) / parts)];
    const rewards = runs.flatMap(({ updates: lines }) => lines.slice(from, to).flatMap(({ metrics }) => metrics['objective/scores'] ?? []));
    return { seconds: ((from + to) / 2) * seconds, reward: mean(rewards) };
  });
}

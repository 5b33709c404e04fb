// Does stage 1 learn? LC reward, AUC of p_LC and the best constant's reward on fixed validation rows, before and after policy
// optimization, as paired differences with a bootstrap over users.
// usage: npm run experiment -- stage1-learns --data-dir DIR --llm PATH --encoder PATH [--out DIR] [--seed N] [--preset NAME]
//   [--config FILE] [--set path=value]... | --resume DIR
// Extra options: --rows N (validation rows, default 300), --per-user N (most of one user, default 3), --train-seed N (adapter, rollouts and
// order of the policy rows; data and fixed rows follow from --seed alone).
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import { rowsOf, type Explanations } from '@expctr/data';
import { alignment, alignmentBounds, bestConstant, type AlignmentForm, type Reader } from '@expctr/rewards';
import {
  aligned,
  checkedReader,
  chooseRunFolder,
  createProgress,
  explainRows,
  openRunFolder,
  POLICY,
  readerProbabilities,
  resolveConfig,
  stage1,
  withPipeline,
  type Pipeline,
} from '@expctr/trainer';
import { toolArguments, wholeNumber } from '../common/arguments.js';
import { mean } from '../common/measure.js';
import { aucAt, intervals, meanAt, type Estimates } from './user-bootstrap.js';

/** Explanations of the fixed rows by one policy in one decoding, and what the reader makes of them. */
interface Measured {
  readonly p: Float64Array;
  readonly set: Explanations;
}

/** Decodings and their temperatures. */
const DECODINGS = { greedy: 0, sampled: 1 } as const;
type Decoding = keyof typeof DECODINGS;

const { values: options } = toolArguments({
  'data-dir': { type: 'string' },
  llm: { type: 'string' },
  encoder: { type: 'string' },
  out: { type: 'string' },
  seed: { type: 'string' },
  preset: { type: 'string', default: 'movielens-small' },
  config: { type: 'string' },
  set: { type: 'string', multiple: true, default: [] },
  resume: { type: 'string' },
  rows: { type: 'string', default: '300' },
  'per-user': { type: 'string', default: '3' },
  'train-seed': { type: 'string' },
});
const [rowsWanted, perUser] = [wholeNumber('--rows', options.rows), wholeNumber('--per-user', options['per-user'])];
const trainSeed = options['train-seed'] === undefined ? undefined : wholeNumber('--train-seed', options['train-seed'], 0);
const { folder, ...settings } = options.resume === undefined ? await newRun() : await openRunFolder(options.resume);
const progress = createProgress();

await withPipeline(settings, { folder, progress }, async (loaded) => {
  const pipeline: Pipeline = trainSeed === undefined ? loaded : { ...loaded, run: { ...loaded.run, rng: createRng(trainSeed) } };
  const { interactions } = pipeline.data;
  const reader = await checkedReader(pipeline);
  const rows = fixedRows(loaded);
  const users = rows.map((row) => interactions.user[row]!);
  progress.say(`${rows.length} validation rows of ${new Set(users).size} users`);

  const { adapters } = pipeline.models.policy;
  adapters.create(POLICY, pipeline.run.rng.fork('adapter'));
  adapters.activate(POLICY);
  const before = await measureBoth(pipeline, reader, rows, null);
  await aligned(pipeline, 'stage1', 0, () => stage1(pipeline, reader));
  const after = await measureBoth(pipeline, reader, rows, POLICY);

  const label = Uint8Array.from(rows, (row) => interactions.label[row]!);
  const { config } = settings;
  const { form } = config.rewards['lc'] as { readonly form: AlignmentForm };
  const comparison = (decoding: Decoding): ReturnType<typeof compared> =>
    compared(before[decoding], after[decoding], { label, users, form });
  const result = {
    rows: rows.length,
    users: new Set(users).size,
    labelRate: mean(label),
    form,
    reader: reader.form,
    updates: config.ppo.stage1Updates,
    completionsPerUpdate: config.ppo.promptsPerUpdate * config.ppo.completionsPerPrompt,
    seed: trainSeed ?? config.seed,
    bestConstant: bestConstant(form, label)?.reward,
    greedy: comparison('greedy'),
    greedyExamples: examples(before.greedy, after.greedy, label),
    sampled: comparison('sampled'),
    sampledExamples: examples(before.sampled, after.sampled, label),
  };
  const text = JSON.stringify(result, null, 2);
  writeFileSync(join(folder.root, 'stage1-learns.json'), `${text}\n`);
  console.log(text);
});

async function newRun(): Promise<Awaited<ReturnType<typeof openRunFolder>>> {
  const flags = {
    dataDir: options['data-dir'],
    'llm.model': options.llm,
    'encoder.model': options.encoder,
    seed: options.seed === undefined ? undefined : wholeNumber('--seed', options.seed, 0),
  };
  const made = await resolveConfig({ preset: options.preset, file: options.config, flags, sets: options.set });
  return { ...made, folder: await chooseRunFolder(options.out, 'stage1', made.config.seed) };
}

/** Validation rows of seeded users, so many of each at most. */
function fixedRows({ data: { interactions }, run: { rng } }: Pipeline): number[] {
  const byUser = new Map<number, number[]>();
  for (const row of rowsOf(interactions, 'valid')) {
    const user = interactions.user[row]!;
    byUser.set(user, [...(byUser.get(user) ?? []), row]);
  }
  const chosen = rng
    .fork('fixed-rows')
    .shuffle([...byUser.keys()])
    .flatMap((user) => byUser.get(user)!.slice(0, perUser));
  return chosen.slice(0, rowsWanted).sort((a, b) => a - b);
}

async function measureBoth(
  pipeline: Pipeline,
  reader: Reader,
  rows: readonly number[],
  adapter: string | null,
): Promise<Record<Decoding, Measured>> {
  const measure = async (decoding: Decoding): Promise<Measured> => {
    const temperature = DECODINGS[decoding];
    const set = await explainRows(pipeline, rows, { adapter, stage: adapter ?? 'base', iteration: 0, temperature });
    return { p: await readerProbabilities(pipeline, reader, rows, (row) => set.read[rows.indexOf(row)]!), set };
  };
  return { greedy: await measure('greedy'), sampled: await measure('sampled') };
}

/** The rows whose explanations are compared. */
interface Compared {
  readonly label: Uint8Array;
  readonly users: readonly number[];
  /** Form of the reward. */
  readonly form: AlignmentForm;
}

type Figure = 'rewardBefore' | 'rewardAfter' | 'reward' | 'aucBefore' | 'aucAfter' | 'auc' | 'brierOfProbabilities';

/** Figures before and after, and their differences. */
function compared(before: Measured, after: Measured, { label, users, form }: Compared): Estimates<Figure> & Record<string, unknown> {
  const isEmpty = (text: string): boolean => text.trim() === '';
  const least = alignmentBounds(form).minimum;
  const scores = ({ p }: Measured): Float64Array => alignment(form, p, label);
  const reward = (measured: Measured): Float64Array => scores(measured).map((value, i) => (isEmpty(measured.set.read[i]!) ? least : value));
  const [was, is] = [reward(before), reward(after)];
  const [scoreBefore, scoreAfter] = [scores(before), scores(after)];
  const pooled = (indices: readonly number[]): Record<Figure, number> => {
    const [rewardBefore, rewardAfter] = [meanAt(was, indices), meanAt(is, indices)];
    const [aucBefore, aucAfter] = [aucAt(before.p, label, indices), aucAt(after.p, label, indices)];
    return {
      rewardBefore,
      rewardAfter,
      reward: rewardAfter - rewardBefore,
      aucBefore,
      aucAfter,
      auc: aucAfter - aucBefore,
      brierOfProbabilities: meanAt(scoreAfter, indices) - meanAt(scoreBefore, indices),
    };
  };
  const empty = ({ set }: Measured): number => set.read.filter(isEmpty).length;
  return {
    ...intervals(pooled, users),
    emptyBefore: empty(before),
    emptyAfter: empty(after),
    meanTokensBefore: mean(before.set.tokenCount),
    meanTokensAfter: mean(after.set.tokenCount),
    distinctBefore: new Set(before.set.read).size,
    distinctAfter: new Set(after.set.read).size,
  };
}

/** The first eight rows. */
function examples(before: Measured, after: Measured, label: Uint8Array): object[] {
  return Array.from({ length: Math.min(8, label.length) }, (_, i) => ({
    label: label[i],
    before: before.set.explanation[i],
    after: after.set.explanation[i],
    pBefore: before.p[i],
    pAfter: after.p[i],
  }));
}

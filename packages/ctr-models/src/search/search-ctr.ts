import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkOptions, parseJson, sha256, writeFileAtomic, type OptionKeys } from '@expctr/core';
import { CtrError } from '../errors.js';
import type { Features } from '../features/encode.js';
import type { Progress } from '../fit/checkpoint.js';
import type { EpochReport } from '../fit/epoch-report.js';
import { fitCtr, type FitCtrParameters } from '../fit/fit-ctr.js';
import { checkParallel } from '../fit/fit-seeds.js';
import { inParallel } from '../fit/pool.js';
import type { CtrModel } from '../model/ctr-model.js';
import { drawTrials, trainTo, wrong, type Candidate } from './candidates.js';
import { rungsOf } from './rungs.js';
import type { DrawnOptions, SearchSpace } from './space.js';

/** Parameters of {@link searchCtr}. */
export interface SearchCtrParameters extends Pick<FitCtrParameters, 'backbone' | 'backbones' | 'train' | 'weights' | 'options' | 'rng'> {
  /** The rows that decide, between epochs and between trials. */
  readonly valid: Features;
  /** What to try. Options that it does not name are those of `options`, of all trials. */
  readonly space: SearchSpace;
  /** Where the trials and their checkpoints are kept. A search that finds itself there goes on. */
  readonly folder: string;
  /** How many draws from the space. Default 27. */
  readonly trials?: number;
  /** Epochs of every trial, before the worse ones are dropped. Default 1. */
  readonly firstEpochs?: number;
  /** Epochs of the trials that are never dropped; early stopping may end them sooner. Default 27. */
  readonly epochs?: number;
  /** Of so many trials one goes on, for so many times the epochs. Default 3. */
  readonly reduction?: number;
  /** What is better: a smaller validation log-loss, or a larger AUC, at the epoch with the smallest log-loss. Default `valid/logloss`. */
  readonly metric?: 'valid/logloss' | 'valid/auc';
  /** Trials that are under way at a time, as for `fitSeeds`. Default 2. */
  readonly parallel?: number;
  /** Called when a trial has reached the end of a rung, or failed. */
  readonly onTrial?: (trial: SearchTrial) => void;
}

/** A draw from the space, and how far it came. */
export interface SearchTrial {
  /** From 0, in the order of the draws. */
  readonly trial: number;
  /** What was drawn. */
  readonly options: DrawnOptions;
  /** The last rung that it was in, from 1. */
  readonly rung: number;
  /** Epochs that count for it: those of its last rung, or fewer where early stopping ended it. */
  readonly epochs: number;
  /** The epoch with the smallest log-loss among them; 0 where it failed. */
  readonly bestEpoch: number;
  /** The metrics of that epoch; null where it failed. */
  readonly metrics: EpochReport['metrics'] | null;
  /** `finished`: in the last rung; `dropped`: others were better; `failed`: its loss ran away. */
  readonly state: 'finished' | 'dropped' | 'failed';
}

/** What {@link searchCtr} found. */
export interface SearchResult {
  /** All trials, the best first: by how far they came, then by the metric. */
  readonly trials: readonly SearchTrial[];
  /** The model of the first of them. */
  readonly model: CtrModel;
}

const SEARCH_CTR_OPTIONS: OptionKeys<SearchCtrParameters> = {
  backbone: true,
  backbones: true,
  train: true,
  weights: true,
  options: true,
  rng: true,
  valid: true,
  space: true,
  folder: true,
  trials: true,
  firstEpochs: true,
  epochs: true,
  reduction: true,
  metric: true,
  parallel: true,
  onTrial: true,
};

/**
 * Looks for good options by successive halving: draws `trials` from the space, trains all for a few epochs, and lets the better ones go on
 * from where they are, for more. Every trial has the same streams, so that options differ in nothing else.
 *
 * The same parameters give the same trials and the same model, however often the search is interrupted and however many trials are under
 * way at a time.
 *
 * @throws CtrError `CTR_OPTION` for a space or a number that makes no sense, naming it; `CTR_CHECKPOINT` for a folder of another search;
 * `CTR_NOT_FINITE` where every trial's loss ran away; and what {@link fitCtr} throws
 */
export async function searchCtr(parameters: SearchCtrParameters): Promise<SearchResult> {
  checkOptions('searchCtr', parameters, SEARCH_CTR_OPTIONS);
  const { folder, trials = 27, firstEpochs = 1, epochs = 27, reduction = 3, metric = 'valid/logloss', parallel = 2, onTrial } = parameters;
  const most = { trials: 100_000, firstEpochs: epochs, epochs: 10_000, reduction: 100_000 };
  for (const [name, value] of Object.entries({ trials, epochs, firstEpochs, reduction })) {
    const [low, high] = [name === 'reduction' ? 2 : 1, most[name as keyof typeof most]];
    if (!Number.isInteger(value) || value < low || value > high)
      throw wrong(`${name} is ${String(value)}`, `an integer from ${low} to ${high}`);
  }
  if (metric !== 'valid/logloss' && metric !== 'valid/auc') throw wrong(`metric is ${String(metric)}`, 'valid/logloss or valid/auc');
  checkParallel('searchCtr', parallel);

  const candidates = drawTrials(parameters, trials);
  const rungs = rungsOf(trials, firstEpochs, epochs, reduction);
  const identity = sha256(JSON.stringify([metric, rungs, candidates.map((candidate) => candidate.identity)]));
  await refuseOther(join(folder, TABLE), identity);

  const found: SearchTrial[] = [];
  let going = candidates;
  for (const [at, rung] of rungs.entries()) {
    const reached = await inParallel(going.slice(0, rung.trials), parallel, async (candidate) => {
      const progress = await trainTo(candidate, rung.epochs);
      const trial = trialOf(candidate, progress, rung.epochs, at + 1, at + 1 === rungs.length);
      onTrial?.(trial);
      return trial;
    });
    for (const trial of reached) found[trial.trial] = trial;
    const best = reached.filter(({ state }) => state !== 'failed').sort(byMetric(metric));
    if (best.length === 0) {
      const remedy = 'try smaller values of learningRate';
      throw new CtrError('CTR_NOT_FINITE', 'the loss of every trial ran away', { where: 'searchCtr', remedy });
    }
    going = best.map(({ trial }) => candidates[trial]!);
    const table = { format: 'ctr-search/1', identity, trials: ranked(found, metric) };
    await writeFileAtomic(join(folder, TABLE), `${JSON.stringify(table, null, 2)}\n`);
  }
  const model = await fitCtr(going[0]!.fit(epochs));
  return { trials: ranked(found, metric), model };
}

const TABLE = 'search.json';

function trialOf({ trial, options }: Candidate, progress: Progress | null, epochs: number, rung: number, isLast: boolean): SearchTrial {
  if (progress === null) return { trial, options, rung, epochs, bestEpoch: 0, metrics: null, state: 'failed' };
  // A search that was interrupted finds trials beyond this rung.
  const reports = progress.reports.slice(0, epochs);
  const best = reports.reduce((a, b) => (b.metrics['valid/logloss']! < a.metrics['valid/logloss']! ? b : a));
  const state = isLast ? 'finished' : 'dropped';
  return { trial, options, rung, epochs: reports.length, bestEpoch: best.epoch, metrics: best.metrics, state };
}

function byMetric(metric: 'valid/logloss' | 'valid/auc') {
  const loss = ({ metrics }: SearchTrial): number =>
    metrics === null ? Infinity : metric === 'valid/auc' ? -metrics[metric]! : metrics[metric]!;
  return (a: SearchTrial, b: SearchTrial): number => (loss(a) === loss(b) ? a.trial - b.trial : loss(a) - loss(b));
}

function ranked(trials: readonly SearchTrial[], metric: 'valid/logloss' | 'valid/auc'): SearchTrial[] {
  const compare = byMetric(metric);
  return [...trials].sort((a, b) => Number(a.state === 'failed') - Number(b.state === 'failed') || b.rung - a.rung || compare(a, b));
}

async function refuseOther(path: string, identity: string): Promise<void> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw cause;
  }
  let found: unknown;
  try {
    found = parseJson(text);
  } catch {
    found = undefined;
  }
  if ((found as { identity?: unknown } | undefined | null)?.identity === identity) return;
  throw new CtrError('CTR_CHECKPOINT', 'it is not of this search', {
    where: path,
    expected: 'the same space, rows, options, generator and numbers of trials and epochs',
    remedy: 'name another folder, or remove this one to begin anew',
  });
}

import { join } from 'node:path';
import { checkOptions, createRng, type OptionKeys } from '@expctr/core';
import { CtrError } from '../errors.js';
import type { Features } from '../features/encode.js';
import type { CtrModel, PredictOptions } from '../model/ctr-model.js';
import type { EpochReport } from './epoch-report.js';
import { fitCtr, type FitCtrParameters } from './fit-ctr.js';
import { inParallel } from './pool.js';

/** Parameters of {@link fitSeeds}: those of `fitCtr`, with seeds in the place of a generator. */
export interface FitSeedsParameters extends Omit<FitCtrParameters, 'rng' | 'onEpoch' | 'onStep' | 'now'> {
  /** A fit for each, with `createRng(seed)`. They must differ. */
  readonly seeds: readonly (number | string)[];
  /**
   * Fits that are under way at a time, each in memory of its own. While one gathers and updates rows in JavaScript, the products of another
   * are computed; the results are the same. Default 2.
   */
  readonly parallel?: number;
  /** A folder with a checkpoint for each seed, `seed-<seed>`. */
  readonly checkpoint?: string;
  /** Called after each epoch of each fit. */
  readonly onEpoch?: (seed: number | string, report: EpochReport) => void;
}

/** One of the fits. */
export interface SeedFit {
  /** Its seed. */
  readonly seed: number | string;
  /** Its model. */
  readonly model: CtrModel;
  /** The metrics of its best epoch. */
  readonly metrics: EpochReport['metrics'];
}

/** A metric over seeds. */
export interface SeedSummary {
  /** Over the seeds. */
  readonly mean: number;
  /** Of a sample; 0 for one seed. */
  readonly standardDeviation: number;
}

/** Models that differ in their seeds alone. */
export interface CtrEnsemble {
  /** In the order of the seeds. */
  readonly fits: readonly SeedFit[];
  /** Mean and standard deviation (over n - 1; 0 of one fit) of each metric of the best epochs. */
  readonly summary: Readonly<Partial<Record<keyof EpochReport['metrics'], SeedSummary>>>;
  /** The mean of the models' probabilities, for each row (a deep ensemble: Lakshminarayanan et al. 2017). Errors as `CtrModel.predict`. */
  predict(features: Features, options?: PredictOptions): Promise<Float64Array>;
  /** Frees the models' compiled functions. */
  dispose(): Promise<void>;
}

const FIT_SEEDS_OPTIONS: OptionKeys<FitSeedsParameters> = {
  backbone: true,
  backbones: true,
  train: true,
  valid: true,
  options: true,
  weights: true,
  seeds: true,
  parallel: true,
  checkpoint: true,
  onEpoch: true,
};

/**
 * Fits a model for each seed: to say how much of a figure is chance, and to predict with all of them.
 * @throws CtrError `CTR_OPTION` without seeds, or with one twice, and what {@link fitCtr} throws
 */
export async function fitSeeds(parameters: FitSeedsParameters): Promise<CtrEnsemble> {
  checkOptions('fitSeeds', parameters, FIT_SEEDS_OPTIONS);
  const { seeds, parallel = 2, checkpoint, onEpoch, ...fit } = parameters;
  checkParallel('fitSeeds', parallel);
  if (seeds.length === 0 || new Set(seeds.map(String)).size < seeds.length) {
    throw new CtrError('CTR_OPTION', `the seeds are [${seeds.join(', ')}]`, { where: 'fitSeeds', expected: 'at least one, none twice' });
  }
  const made: CtrModel[] = [];
  const fitOne = async (seed: number | string): Promise<SeedFit> => {
    const model = await fitCtr({
      ...fit,
      rng: createRng(seed),
      ...(checkpoint === undefined ? {} : { checkpoint: join(checkpoint, `seed-${encodeURIComponent(seed)}`) }),
      ...(onEpoch === undefined ? {} : { onEpoch: (report) => onEpoch(seed, report) }),
    });
    made.push(model);
    return { seed, model, metrics: model.epochs[model.bestEpoch - 1]!.metrics };
  };
  const fits = await inParallel(seeds, parallel, fitOne).catch(async (error: unknown) => {
    await Promise.all(made.map((model) => model.dispose()));
    throw error;
  });
  return {
    fits,
    summary: summaryOf(fits),
    async predict(features, options) {
      const mean = new Float64Array(features.length);
      for (const { model } of fits) (await model.predict(features, options)).forEach((p, row) => (mean[row]! += p / fits.length));
      return mean;
    },
    async dispose() {
      await Promise.all(fits.map(({ model }) => model.dispose()));
    },
  };
}

/** @throws CtrError `CTR_OPTION` unless it is an integer from 1 to 1024 */
export function checkParallel(where: string, parallel: number): void {
  if (Number.isInteger(parallel) && parallel >= 1 && parallel <= 1024) return;
  throw new CtrError('CTR_OPTION', `parallel is ${String(parallel)}`, { where, expected: 'an integer from 1 to 1024' });
}

function summaryOf(fits: readonly SeedFit[]): CtrEnsemble['summary'] {
  const names = Object.keys(fits[0]!.metrics) as (keyof EpochReport['metrics'])[];
  return Object.fromEntries(
    names.map((name) => {
      const values = fits.map(({ metrics }) => metrics[name]!);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      return [name, { mean, standardDeviation: Math.sqrt(squares / Math.max(1, values.length - 1)) }];
    }),
  );
}

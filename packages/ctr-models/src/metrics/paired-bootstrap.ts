import { checkOptions, type OptionKeys, type Rng } from '@expctr/core';
import { CtrError } from '../errors.js';
import { auc } from './auc.js';
import { bootstrapOverUsers, percentileInterval, type Resampled } from './bootstrap.js';
import { checkLabelledProbabilities } from './check.js';
import { groupedAuc } from './grouped-auc.js';
import { logLoss } from './log-loss.js';

/** Options of {@link pairedBootstrap}. */
export interface PairedBootstrapOptions {
  /** Whose row it is: integer codes, one a row; all rows of a user are drawn together. Default: rows are drawn one by one. */
  readonly users?: ArrayLike<number>;
  /** How many resamples. Default 1000. */
  readonly resamples?: number;
  /** Chance that an interval holds the true value, in (0, 1). Default 0.95. */
  readonly level?: number;
  /** What draws the resamples. */
  readonly rng: Rng;
}

/** A metric of two models on the same rows. */
export interface PairedDifference {
  /** Of the first model. */
  readonly a: number;
  /** Of the second model. */
  readonly b: number;
  /** a less b. */
  readonly difference: number;
  /** Percentile interval of the difference; null where most resamples have no value. */
  readonly interval: readonly [low: number, high: number] | null;
  /**
   * Twice the share of resamples whose difference is on the other side of 0, or at it, with one added to both counts: how seldom chance
   * alone would turn the sign. At most 1; null with `interval`.
   */
  readonly pValue: number | null;
}

/** What {@link pairedBootstrap} found. */
export interface PairedBootstrap {
  /** Area under the ROC curve. */
  readonly auc: PairedDifference;
  /** AUC within each user, weighted by rows; null without `users`, or where no user has rows of both classes. */
  readonly groupedAuc: PairedDifference | null;
  /** Mean negative log-likelihood in nats: below 0 where the first model is better. */
  readonly logLoss: PairedDifference;
}

const PAIRED_BOOTSTRAP_OPTIONS: OptionKeys<PairedBootstrapOptions> = { users: true, resamples: true, level: true, rng: true };

/** Most resamples: their statistics are in memory. */
const MOST_RESAMPLES = 1_000_000;

/**
 * Differences of two models' metrics on the same rows, with intervals from resamples that both see: a paired bootstrap over users, or over
 * rows where no users are named (Efron & Tibshirani 1993, "An Introduction to the Bootstrap", chapters 8 and 13).
 *
 * @param labels 0 or 1, one a row.
 * @param a probabilities of label 1 of one model.
 * @param b probabilities of the other.
 * @throws CtrError `CTR_ONE_CLASS` where all labels are equal; `CTR_OPTION`; `CTR_PROBABILITY`, `CTR_EMPTY`, `CTR_LENGTH`, `CTR_LABEL`,
 * `CTR_NOT_FINITE`.
 */
export function pairedBootstrap(
  labels: ArrayLike<number>,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  parameters: PairedBootstrapOptions,
): PairedBootstrap {
  checkOptions('pairedBootstrap', parameters, PAIRED_BOOTSTRAP_OPTIONS);
  const { users, resamples = 1000, level = 0.95, rng } = parameters;
  const option = (what: string, expected: string): CtrError => new CtrError('CTR_OPTION', what, { where: 'pairedBootstrap', expected });
  if (!Number.isInteger(resamples) || resamples < 1 || resamples > MOST_RESAMPLES) {
    throw option(`resamples is ${String(resamples)}`, `an integer from 1 to ${MOST_RESAMPLES}`);
  }
  if (!(level > 0 && level < 1)) throw option(`level is ${String(level)}`, 'a number between 0 and 1, such as 0.95');
  for (const scores of [a, b]) checkLabelledProbabilities('pairedBootstrap', labels, scores);

  const rows = { label: labels, user: users ?? Uint32Array.from({ length: labels.length }, (_, row) => row) };
  const columns = new Map([
    ['a', a],
    ['b', b],
  ]);
  const drawn = bootstrapOverUsers(rows, columns, resamples, rng);
  const compared = (name: keyof Resampled, ofA: number, ofB: number): PairedDifference => {
    const [drawsA, drawsB] = [drawn.get('a')![name], drawn.get('b')![name]];
    const draws = drawsA.map((value, k) => value - drawsB[k]!);
    const interval = percentileInterval(draws, level);
    return { a: ofA, b: ofB, difference: ofA - ofB, interval, pValue: interval === null ? null : signTurned(draws) };
  };
  return {
    auc: compared('auc', auc(labels, a), auc(labels, b)),
    groupedAuc: users === undefined ? null : groupedDifference(users),
    logLoss: compared('logLoss', logLoss(labels, a), logLoss(labels, b)),
  };

  function groupedDifference(groups: ArrayLike<number>): PairedDifference | null {
    try {
      return compared('groupedAuc', groupedAuc(labels, a, groups).auc, groupedAuc(labels, b, groups).auc);
    } catch (error) {
      if (error instanceof CtrError && error.code === 'CTR_ONE_CLASS') return null;
      throw error;
    }
  }
}

function signTurned(draws: Float64Array): number {
  const known = draws.filter((difference) => !Number.isNaN(difference));
  const atMostZero = known.reduce((count, difference) => count + Number(difference <= 0), 0);
  const atLeastZero = known.reduce((count, difference) => count + Number(difference >= 0), 0);
  return Math.min(1, (2 * (Math.min(atMostZero, atLeastZero) + 1)) / (known.length + 1));
}

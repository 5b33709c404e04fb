import { checkOptions, type OptionKeys } from '@expctr/core';
import { CtrError } from '../errors.js';
import { checkLabelledScores } from './check.js';
import { aucCovariance, structuralComponents } from './delong-covariance.js';
import { checkGroups } from './groups.js';
import { twoSided, twoSidedQuantile } from './normal.js';

/** Options of {@link aucInterval} and {@link delongTest}. */
export interface DelongOptions {
  /**
   * Whose row it is: integer codes, one a row. Rows of one group (user) are then taken to depend on each other, as those of different
   * groups are not. Default: all rows are independent.
   */
  readonly groups?: ArrayLike<number>;
  /** Chance that an interval holds the true value, in (0, 1). Default 0.95. */
  readonly level?: number;
}

/** An AUC and how sure it is. */
export interface AucInterval {
  /** The area, as `auc` gives it. */
  readonly auc: number;
  /** Its standard error. */
  readonly standardError: number;
  /** Normal interval, cut to [0, 1]. */
  readonly interval: readonly [low: number, high: number];
}

/** What {@link delongTest} found. */
export interface DelongTest {
  /** The areas of both columns of scores, as `auc` gives them. */
  readonly auc: readonly [a: number, b: number];
  /** Their variances and covariance: [[a, ab], [ab, b]]. */
  readonly covariance: readonly [readonly [number, number], readonly [number, number]];
  /** The area of a less that of b. */
  readonly difference: number;
  /** Normal interval of the difference. */
  readonly interval: readonly [low: number, high: number];
  /** Difference over its standard error; 0 where both are 0. */
  readonly z: number;
  /** Chance of a difference as large as this, in either direction, where the true areas are equal. */
  readonly pValue: number;
}

const DELONG_OPTIONS: OptionKeys<DelongOptions> = { groups: true, level: true };

/**
 * AUC with its standard error and interval by DeLong, DeLong & Clarke-Pearson 1988, in O(n log n) (Sun & Xu 2014, "Fast Implementation of
 * DeLong's Algorithm"); with `groups` by Obuchowski 1997 ("Nonparametric Analysis of Clustered ROC Curve Data").
 *
 * @param labels 0 or 1, one a row.
 * @param scores larger for rows more likely positive.
 * @throws CtrError `CTR_ONE_CLASS` without two rows of each class, in two groups where groups are given; `CTR_OPTION` for a level outside
 * (0, 1); `CTR_EMPTY`, `CTR_LENGTH`, `CTR_LABEL`, `CTR_NOT_FINITE`.
 */
export function aucInterval(labels: ArrayLike<number>, scores: ArrayLike<number>, parameters: DelongOptions = {}): AucInterval {
  const half = check('aucInterval', labels, [scores], parameters);
  const a = structuralComponents(labels, scores);
  const standardError = Math.sqrt(aucCovariance('aucInterval', labels, a, a, parameters.groups));
  const width = half * standardError;
  return { auc: a.auc, standardError, interval: [Math.max(0, a.auc - width), Math.min(1, a.auc + width)] };
}

/**
 * Tests whether two columns of scores of the same rows have the same AUC: DeLong's test for correlated areas, sources and errors as for
 * {@link aucInterval}. Rows of one user are seldom independent: name the users in `groups`, or use {@link pairedBootstrap}.
 *
 * @param labels 0 or 1, one a row.
 * @param a scores of one model.
 * @param b scores of the other.
 */
export function delongTest(
  labels: ArrayLike<number>,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  parameters: DelongOptions = {},
): DelongTest {
  const half = check('delongTest', labels, [a, b], parameters);
  const [ofA, ofB] = [structuralComponents(labels, a), structuralComponents(labels, b)];
  const covariance = (x: typeof ofA, y: typeof ofA): number => aucCovariance('delongTest', labels, x, y, parameters.groups);
  const [aa, ab, bb] = [covariance(ofA, ofA), covariance(ofA, ofB), covariance(ofB, ofB)];
  const difference = ofA.auc - ofB.auc;
  // What is left after rounding of columns that rank alike is no variance.
  const left = aa + bb - 2 * ab;
  const standardError = left <= 1e-14 * (aa + bb) ? 0 : Math.sqrt(left);
  const z = difference === 0 ? 0 : difference / standardError;
  return {
    auc: [ofA.auc, ofB.auc],
    covariance: [
      [aa, ab],
      [ab, bb],
    ],
    difference,
    interval: [difference - half * standardError, difference + half * standardError],
    z,
    pValue: twoSided(z),
  };
}

/** Checks what both take. @returns half the width of an interval, in standard errors */
function check(where: string, labels: ArrayLike<number>, columns: readonly ArrayLike<number>[], parameters: DelongOptions): number {
  checkOptions(where, parameters, DELONG_OPTIONS);
  const { groups, level = 0.95 } = parameters;
  if (!(level > 0 && level < 1)) {
    throw new CtrError('CTR_OPTION', `level is ${String(level)}`, { where, expected: 'a number between 0 and 1, such as 0.95' });
  }
  for (const scores of columns) checkLabelledScores(where, labels, scores);
  if (groups !== undefined) checkGroups(where, labels.length, groups);
  return twoSidedQuantile(level);
}

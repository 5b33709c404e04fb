import type { Rng } from '@expctr/core';
import { auc } from '@expctr/ctr-models';
import type { Interval } from '../figures/interval.js';
import type { CeilingMetrics, QualityFigures } from '../figures/quality.js';
import { definedOr } from '../statistics/defined-or.js';
import { bootstrapOverUsers, percentileInterval, type LabelledRows } from '../statistics/user-bootstrap.js';

/**
 * @param figures of the explainer who has the posterior over tastes given the visible history, on the rows of `quality`
 * @param rng the one that the predictors' resamples came from, so that the table of predictors has one set of resamples
 */
export function ceilingMetrics(
  test: LabelledRows,
  bayes: ArrayLike<number>,
  history: ArrayLike<number>,
  figures: QualityFigures,
  resamples: number,
  rng: Rng,
): CeilingMetrics {
  const columns = new Map([
    ['bayes', bayes],
    ['history', history],
  ]);
  const draws = bootstrapOverUsers(test, columns, resamples, rng);
  const area = (name: string): number | null => definedOr(() => auc(test.label, columns.get(name)!));
  const interval = (name: string): Interval | null => (area(name) === null ? null : percentileInterval(draws.get(name)!.auc));
  const { precision, precisionInterval, recall, recallInterval, f1, f1Interval, claimsPerExplanation } = figures;
  return {
    bayesAuc: area('bayes'),
    bayesAucInterval: interval('bayes'),
    historyAuc: area('history'),
    historyAucInterval: interval('history'),
    ...{ precision, precisionInterval, recall, recallInterval, f1, f1Interval, claimsPerExplanation },
  };
}

import type { Rng } from '@expctr/core';
import { auc, bootstrapOverUsers, type LabelledRows, percentileInterval } from '@expctr/ctr-models';
import type { Interval } from '../figures/interval.js';
import type { CeilingMetrics, KnowledgeMetrics, QualityFigures } from '../figures/quality.js';
import { definedOr } from '../statistics/defined-or.js';

/** What one who makes the best of their knowledge predicts and says. */
export interface Knower {
  /** [test rows] P(label = 1). */
  readonly click: ArrayLike<number>;
  /** Of their claims, on the rows of `quality`. */
  readonly figures: QualityFigures;
}

/**
 * @param bayes [test rows] the probabilities that the labels were drawn with
 * @param rng the one that the predictors' resamples came from, so that the table of predictors has one set of resamples
 */
export function ceilingMetrics(
  test: LabelledRows,
  bayes: ArrayLike<number>,
  { best, kind, meanings }: { readonly best: Knower; readonly kind: CeilingMetrics['kind']; readonly meanings: Knower | null },
  resamples: number,
  rng: Rng,
): CeilingMetrics {
  const columns = new Map([['bayes', bayes], ['best', best.click], ...(meanings === null ? [] : [['meanings', meanings.click] as const])]);
  const draws = bootstrapOverUsers(test, columns, resamples, rng);
  const area = (name: string): number | null => definedOr(() => auc(test.label, columns.get(name)!));
  const interval = (name: string): Interval | null => (area(name) === null ? null : percentileInterval(draws.get(name)!.auc));
  const knowledge = (name: string, { figures }: Knower): KnowledgeMetrics => {
    const { precision, precisionInterval, recall, recallInterval, f1, f1Interval, claimsPerExplanation } = figures;
    const { degreeAccuracy, degreeAccuracyInterval } = figures;
    return {
      historyAuc: area(name),
      historyAucInterval: interval(name),
      ...{ precision, precisionInterval, recall, recallInterval, f1, f1Interval, claimsPerExplanation },
      ...{ degreeAccuracy, degreeAccuracyInterval },
    };
  };
  return {
    kind,
    bayesAuc: area('bayes'),
    bayesAucInterval: interval('bayes'),
    ...knowledge('best', best),
    meanings: meanings === null ? null : knowledge('meanings', meanings),
  };
}

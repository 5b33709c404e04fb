import { checkOptions, type OptionKeys } from '@expctr/core';
import { CtrError } from '../errors.js';
import { checkLabelledScores } from './check.js';
import { checkGroups, denseGroups, rowsByGroup } from './groups.js';
import { ascendingOrder } from './order.js';

/** Options of {@link rankingMetrics}. */
export interface RankingOptions {
  /** How many rows of each group are shown: the cut-off of every metric. */
  readonly k: number;
}

/** Metrics of the k rows of each group with the highest scores, averaged over the groups that have a positive. */
export interface RankingMetrics {
  /** Normalized discounted cumulative gain: sum of label / log2(rank + 1), over the best possible (Järvelin & Kekäläinen 2002). */
  readonly ndcg: number;
  /** Share of a group's positives that are among its k. */
  readonly recall: number;
  /** Positives among the k, over k, also where a group has fewer rows. */
  readonly precision: number;
  /** Share of groups with a positive among the k. */
  readonly hitRate: number;
  /** Mean of 1 / rank of a group's first positive, 0 where it is not among the k (mean reciprocal rank). */
  readonly mrr: number;
  /** Groups with a positive: those that count. */
  readonly groups: number;
  /** Groups left out because they have no positive: none of these metrics could be above 0. */
  readonly skippedGroups: number;
}

const RANKING_OPTIONS: OptionKeys<RankingOptions> = { k: true };

/**
 * nDCG, recall, precision, hit rate and reciprocal rank at k of each group (user), averaged over groups.
 *
 * Rows with equal scores have no order: each metric is its expectation over all their orders (McSherry & Najork 2008, "Computing
 * Information Retrieval Performance Measures Efficiently in the Presence of Tied Scores"; so does `sklearn.metrics.ndcg_score`). A model
 * that gives every row the same score thus has what chance has, and the order of the input plays no part.
 *
 * @param labels 0 or 1, one a row.
 * @param scores larger for rows to be shown first.
 * @param groups whose row it is: integer codes, one a row.
 * @throws CtrError `CTR_ONE_CLASS` where no group has a positive; `CTR_OPTION` for a k that is no positive integer; `CTR_EMPTY`,
 * `CTR_LENGTH`, `CTR_LABEL`, `CTR_NOT_FINITE`.
 */
export function rankingMetrics(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  groups: ArrayLike<number>,
  parameters: RankingOptions,
): RankingMetrics {
  checkOptions('rankingMetrics', parameters, RANKING_OPTIONS);
  const { k } = parameters;
  if (!Number.isInteger(k) || k < 1) {
    throw new CtrError('CTR_OPTION', `k is ${String(k)}`, { where: 'rankingMetrics', expected: 'an integer of at least 1' });
  }
  checkLabelledScores('rankingMetrics', labels, scores);
  checkGroups('rankingMetrics', labels.length, groups);
  const { starts, rows } = rowsByGroup(denseGroups(groups), ascendingOrder(scores).reverse());

  const sum = { ndcg: 0, recall: 0, hits: 0, hitRate: 0, mrr: 0 };
  let counted = 0;
  for (let group = 0; group + 1 < starts.length; group += 1) {
    const shown = atK(labels, scores, rows.subarray(starts[group], starts[group + 1]), k);
    if (shown.positives === 0) continue;
    counted += 1;
    sum.ndcg += shown.gain / bestGain(Math.min(k, shown.positives));
    sum.recall += shown.hits / shown.positives;
    sum.hits += shown.hits;
    sum.hitRate += shown.hitChance;
    sum.mrr += shown.reciprocalRank;
  }
  if (counted === 0) {
    throw new CtrError('CTR_ONE_CLASS', `none of the ${starts.length - 1} groups has a row of label 1`, {
      where: 'rankingMetrics',
      expected: 'at least one group with a 1',
    });
  }
  return {
    ndcg: sum.ndcg / counted,
    recall: sum.recall / counted,
    precision: sum.hits / k / counted,
    hitRate: sum.hitRate / counted,
    mrr: sum.mrr / counted,
    groups: counted,
    skippedGroups: starts.length - 1 - counted,
  };
}

interface Shown {
  readonly positives: number;
  /** Expected positives among the k. */
  readonly hits: number;
  /** Expected discounted cumulative gain. */
  readonly gain: number;
  /** Chance that a positive is among the k. */
  readonly hitChance: number;
  readonly reciprocalRank: number;
}

/** Of one group, whose rows descend by score. */
function atK(labels: ArrayLike<number>, scores: ArrayLike<number>, rows: Uint32Array, k: number): Shown {
  let [positives, hits, gain, hitChance, reciprocalRank] = [0, 0, 0, 0, 0];
  for (let first = 0, end = 0; first < rows.length; first = end) {
    let tiedPositives = 0;
    for (; end < rows.length && scores[rows[end]!]! === scores[rows[first]!]!; end += 1) tiedPositives += labels[rows[end]!]!;
    if (tiedPositives > 0) {
      const tied = end - first;
      const isFirstPositive = positives === 0;
      let noneYet = 1; // chance that no place of these ties before has a positive
      for (let place = first; place < Math.min(end, k); place += 1) {
        hits += tiedPositives / tied;
        gain += tiedPositives / tied / Math.log2(place + 2);
        if (!isFirstPositive) continue;
        const here = noneYet * Math.min(1, tiedPositives / (tied - (place - first)));
        hitChance += here;
        reciprocalRank += here / (place + 1);
        noneYet -= here;
      }
    }
    positives += tiedPositives;
  }
  return { positives, hits, gain, hitChance, reciprocalRank };
}

function bestGain(places: number): number {
  let gain = 0;
  for (let place = 0; place < places; place += 1) gain += 1 / Math.log2(place + 2);
  return gain;
}

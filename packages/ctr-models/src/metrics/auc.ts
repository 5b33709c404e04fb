import { checkLabelledScores, oneClass } from './check.js';

/**
 * Area under the ROC curve: the share of (positive, negative) pairs in which the positive scores higher, ties counted as a half.
 *
 * Exact (pairs are counted in integers up to 2^53) in O(n log n).
 * Equal to the Mann-Whitney U statistic over the number of pairs and to `sklearn.metrics.roc_auc_score`.
 *
 * @param labels 0 or 1, one a row.
 * @param scores any numbers, larger for rows more likely positive; only their order matters.
 * @throws CtrError `CTR_ONE_CLASS` where all labels are equal; `CTR_EMPTY`, `CTR_LENGTH`, `CTR_LABEL`, `CTR_NOT_FINITE`.
 */
export function auc(labels: ArrayLike<number>, scores: ArrayLike<number>): number {
  checkLabelledScores('auc', labels, scores);
  let positiveCount = 0;
  for (let i = 0; i < labels.length; i += 1) positiveCount += labels[i]!;
  const positives = new Float64Array(positiveCount);
  const negatives = new Float64Array(labels.length - positiveCount);
  if (positives.length === 0 || negatives.length === 0) throw oneClass('auc', labels);
  let p = 0;
  let n = 0;
  for (let i = 0; i < labels.length; i += 1) {
    // -0 and 0 are one score, but a typed array sorts them apart.
    if (labels[i] === 1) positives[p++] = scores[i]! + 0;
    else negatives[n++] = scores[i]! + 0;
  }
  positives.sort(); // two native sorts of numbers take half the time of an order of rows
  negatives.sort();

  let halves = 0; // 2 for each pair won, 1 for each tie
  let below = 0;
  let upTo = 0;
  for (const score of positives) {
    while (below < negatives.length && negatives[below]! < score) below += 1;
    while (upTo < negatives.length && negatives[upTo]! <= score) upTo += 1;
    halves += below + upTo;
  }
  return halves / (2 * positives.length * negatives.length);
}

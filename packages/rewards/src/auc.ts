import { RewardError, requireLength } from './errors.js';

/**
 * Area under the ROC curve, exact, ties counted one half: the share of (positive, negative) pairs in which the positive
 * one has the higher score (Mann-Whitney U over the number of pairs).
 *
 * @param scores [n] any finite numbers, higher = more likely positive
 * @param labels [n] 0 or 1
 * @param weights [n] non-negative weight of each row, default 1; bootstrap counts, for instance
 * @returns a number in [0, 1], or null where one class is missing: the area is then undefined
 * @throws {RewardError} `REWARD_LENGTH_MISMATCH`; `REWARD_NOT_A_PROBABILITY` for a NaN score
 */
export function auc(scores: ArrayLike<number>, labels: ArrayLike<number>, weights?: ArrayLike<number>): number | null {
  requireLength('labels', labels, scores.length);
  if (weights !== undefined) requireLength('weights', weights, scores.length);
  const order = Uint32Array.from({ length: scores.length }, (_, row) => row);
  order.sort((a, b) => score(scores, a) - score(scores, b));

  let positives = 0;
  let negatives = 0;
  let below = 0; // pairs whose positive is above, ties at one half
  for (let start = 0; start < order.length;) {
    const value = score(scores, order[start] ?? 0);
    let tiedPositives = 0;
    let tiedNegatives = 0;
    let end = start;
    for (; end < order.length && score(scores, order[end] ?? 0) === value; end += 1) {
      const row = order[end] ?? 0;
      const weight = weights?.[row] ?? 1;
      if (labels[row] === 1) tiedPositives += weight;
      else tiedNegatives += weight;
    }
    below += tiedPositives * (negatives + tiedNegatives / 2);
    positives += tiedPositives;
    negatives += tiedNegatives;
    start = end;
  }
  return positives === 0 || negatives === 0 ? null : below / (positives * negatives);
}

function score(scores: ArrayLike<number>, row: number): number {
  const value = scores[row];
  if (value === undefined || Number.isNaN(value)) {
    throw new RewardError('REWARD_NOT_A_PROBABILITY', 'a score is NaN', { where: `row ${row}`, expected: 'a number' });
  }
  return value;
}

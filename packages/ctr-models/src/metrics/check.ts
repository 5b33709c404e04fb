import { CtrError } from '../errors.js';

/** Throws unless `labels` and `scores` are as long as each other, not empty, labels 0 or 1 and scores numbers. */
export function checkLabelledScores(metric: string, labels: ArrayLike<number>, scores: ArrayLike<number>): void {
  if (labels.length !== scores.length) {
    throw new CtrError('CTR_LENGTH', `${labels.length} labels and ${scores.length} scores`, {
      where: metric,
      expected: 'one score a label',
    });
  }
  if (labels.length === 0) throw new CtrError('CTR_EMPTY', 'there are no rows', { where: metric, expected: 'at least one row' });
  for (let i = 0; i < labels.length; i += 1) {
    const label = labels[i]!;
    if (label !== 0 && label !== 1) {
      throw new CtrError('CTR_LABEL', `the label of row ${i} is ${label}`, { where: metric, expected: '0 or 1' });
    }
    if (Number.isNaN(scores[i]))
      throw new CtrError('CTR_NOT_FINITE', `the score of row ${i} is NaN`, { where: metric, expected: 'a number' });
  }
}

/** As {@link checkLabelledScores} for scores that are probabilities. */
export function checkLabelledProbabilities(metric: string, labels: ArrayLike<number>, probabilities: ArrayLike<number>): void {
  checkLabelledScores(metric, labels, probabilities);
  for (let i = 0; i < probabilities.length; i += 1) {
    const p = probabilities[i]!;
    if (p < 0 || p > 1) {
      throw new CtrError('CTR_PROBABILITY', `the probability of row ${i} is ${p}`, {
        where: metric,
        expected: 'a number in [0, 1]',
        remedy: 'pass probabilities, not logits',
      });
    }
  }
}

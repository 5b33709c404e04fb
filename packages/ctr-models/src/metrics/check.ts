import { CtrError } from '../errors.js';

/** Throws unless `labels` and `scores` are as long as each other, not empty, labels 0 or 1 and scores numbers. */
export function checkLabelledScores(metric: string, labels: ArrayLike<number>, scores: ArrayLike<number>): void {
  for (const [name, column] of [['labels', labels] as const, ['scores', scores] as const]) checkColumn(metric, name, column);
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
      throw new CtrError('CTR_LABEL', `the label of row ${i} is ${String(label)}`, { where: metric, expected: '0 or 1' });
    }
    const score: unknown = scores[i];
    if (typeof score !== 'number' || Number.isNaN(score)) {
      throw new CtrError('CTR_NOT_FINITE', `the score of row ${i} is ${String(score)}`, { where: metric, expected: 'a number' });
    }
  }
}

/** As {@link checkLabelledScores} for scores that are probabilities. */
export function checkLabelledProbabilities(metric: string, labels: ArrayLike<number>, probabilities: ArrayLike<number>): void {
  checkLabelledScores(metric, labels, probabilities);
  checkProbabilities(metric, probabilities);
}

/** @throws CtrError `CTR_PROBABILITY` for what is outside [0, 1], `CTR_NOT_FINITE` for what is no number. */
export function checkProbabilities(metric: string, probabilities: ArrayLike<number>): void {
  checkColumn(metric, 'probabilities', probabilities);
  for (let i = 0; i < probabilities.length; i += 1) {
    const p: unknown = probabilities[i];
    if (typeof p !== 'number' || Number.isNaN(p)) {
      throw new CtrError('CTR_NOT_FINITE', `the probability of row ${i} is ${String(p)}`, {
        where: metric,
        expected: 'a number in [0, 1]',
      });
    }
    if (p < 0 || p > 1) {
      throw new CtrError('CTR_PROBABILITY', `the probability of row ${i} is ${p}`, {
        where: metric,
        expected: 'a number in [0, 1]',
        remedy: 'pass probabilities, not logits',
      });
    }
  }
}

/** The error where a metric needs rows of both classes. */
export function oneClass(metric: string, labels: ArrayLike<number>): CtrError {
  return new CtrError('CTR_ONE_CLASS', `all ${labels.length} labels are ${labels[0]}`, {
    where: metric,
    expected: 'at least one row of each class',
    remedy: 'evaluate on more rows, or choose another label threshold',
  });
}

function checkColumn(metric: string, name: string, column: unknown): void {
  if (typeof (column as ArrayLike<number> | undefined | null)?.length === 'number' && typeof column !== 'string') return;
  throw new CtrError('CTR_LENGTH', `the ${name} are ${column === null ? 'null' : typeof column}`, {
    where: metric,
    expected: 'an array or a typed array',
  });
}

import { CtrError } from '../errors.js';

/** Weights of the training rows in the loss; undefined where all are 1. */
export type RowWeights = Float32Array | undefined;

/**
 * The weight of each training row: its own times that of its class.
 * @param given one a row, at least 0; undefined = 1 each
 * @param positiveWeight of a row of label 1 beside one of label 0; null = rows of label 0 for one of label 1
 * @throws CtrError `CTR_LENGTH`, `CTR_NOT_FINITE` naming the row; `CTR_EMPTY` where all weights are 0
 */
export function rowWeights(labels: Uint8Array, given: ArrayLike<number> | undefined, positiveWeight: number | null): RowWeights {
  if (given === undefined && positiveWeight === 1) return undefined;
  const where = 'fitCtr weights';
  if (given !== undefined && given.length !== labels.length) {
    throw new CtrError('CTR_LENGTH', `there are ${String(given.length)} weights`, {
      where,
      expected: `${labels.length}, one a training row`,
    });
  }
  const positives = labels.reduce((sum, label) => sum + label, 0);
  const ofPositive = positiveWeight ?? (labels.length - positives) / positives;
  let total = 0;
  const weights = Float32Array.from(labels, (label, row) => {
    const own: unknown = given === undefined ? 1 : given[row];
    const weight = (own as number) * (label === 1 ? ofPositive : 1);
    if (typeof own !== 'number' || !(own >= 0) || !Number.isFinite(Math.fround(weight))) {
      throw new CtrError('CTR_NOT_FINITE', `the weight of row ${row} is ${String(own)}`, { where, expected: 'a number of at least 0' });
    }
    total += weight;
    return weight;
  });
  if (total > 0) return weights;
  throw new CtrError('CTR_EMPTY', 'all weights are 0', { where, expected: 'at least one above 0' });
}

/** Sum of the weights. */
export function totalWeight(weights: RowWeights, rows: number): number {
  return weights === undefined ? rows : weights.reduce((sum, weight) => sum + weight, 0);
}

import { PpoError } from './errors.js';

/**
 * One number per response token, one array per completion, each as long as its response. There is no padding in it, so
 * that no statistic taken over it can count padding.
 */
export type Ragged = readonly Float32Array[];

/** A ragged array shaped as its arguments; `combine` sees the values at one token and its place. */
export function mapRagged(rows: Ragged, combine: (value: number, row: number, token: number) => number): Float32Array[] {
  return rows.map((values, row) => values.map((value, token) => combine(value, row, token)));
}

/** Number of tokens. */
export function countTokens(rows: readonly { readonly length: number }[]): number {
  return rows.reduce((total, { length }) => total + length, 0);
}

/** Sum of one row, in float64. */
export function rowSum(values: Float32Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** Mean of the row sums, a figure in units per completion (so are trl's `objective/*`). */
export function meanOfRowSums(rows: Ragged): number {
  return mean(rows.map(rowSum));
}

/** Arithmetic mean; NaN when there is nothing. */
export function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

/** @throws PpoError PPO_RAGGED unless both have the same rows of the same lengths. */
export function requireSameShape(name: string, rows: Ragged, expected: readonly { readonly length: number }[]): void {
  const wrong = expected.findIndex(({ length }, row) => rows[row]?.length !== length);
  if (rows.length === expected.length && wrong < 0) return;
  const at = wrong < 0 ? expected.length : wrong;
  throw new PpoError('PPO_RAGGED', `row ${at} holds ${rows[at]?.length ?? 'no'} values`, {
    where: name,
    expected: `${expected.length} rows, each as long as its response (row ${at}: ${expected[at]?.length ?? 'none'})`,
  });
}

/** @throws PpoError PPO_NOT_FINITE at the first NaN or infinity. */
export function requireFinite(name: string, rows: Ragged): void {
  rows.forEach((values, row) => {
    const token = values.findIndex((value) => !Number.isFinite(value));
    if (token < 0) return;
    throw new PpoError('PPO_NOT_FINITE', `response token ${token} of row ${row} has ${values[token]}`, {
      where: name,
      expected: 'finite numbers',
      remedy: 'go back to the last checkpoint with a smaller learning rate, or look for a response token that sampling excludes',
    });
  });
}

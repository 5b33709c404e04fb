import { CtrError } from '../errors.js';

/** The error for NaN or infinity in a feature. */
export function notFinite(name: string, row: number, value: number): CtrError {
  return new CtrError('CTR_NOT_FINITE', `row ${row} of the feature '${name}' is ${value}`, {
    expected: 'a finite number within float32 (at most 3.4e38)',
    remedy: "clean the column, or give a numeric feature missing: 'mean'",
  });
}

/** The error for a row without a dense vector. */
export function missingVector(name: string, row: number): CtrError {
  return new CtrError('CTR_DENSE_ROWS', `row ${row} has no vector in the dense column '${name}'`, {
    expected: 'a vector for every row',
    remedy: 'encode the missing rows (the empty string where there is no text)',
  });
}

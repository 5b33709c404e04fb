import type { Rng } from '@expctr/core';
import { denseGroups, drawGroups } from '@expctr/ctr-models';

/** What is resampled. */
export interface TotalsInput {
  /** [rows] user codes; a user's rows are drawn together. */
  readonly user: ArrayLike<number>;
  /** Columns to add up, each [rows]. */
  readonly columns: readonly ArrayLike<number>[];
}

/**
 * Bootstrap over users of statistics that follow from totals of columns: ratios, F1, differences of both. All statistics see the
 * same resamples, so their differences are paired.
 *
 * @param statistics functions of the columns' totals, in the order of the columns; NaN = has no value
 * @returns for each statistic its values, [resamples]
 */
export function bootstrapTotals(
  { user, columns }: TotalsInput,
  statistics: readonly ((totals: Float64Array) => number)[],
  resamples: number,
  rng: Rng,
): Float64Array[] {
  const users = denseGroups(user);
  const width = columns.length;
  const sums = new Float64Array(users.count * width); // [users, columns]
  columns.forEach((column, at) => users.codes.forEach((code, row) => (sums[code * width + at]! += column[row]!)));
  const out = statistics.map(() => new Float64Array(resamples));
  const drawn = new Uint16Array(users.count);
  const totals = new Float64Array(width);
  for (let resample = 0; resample < resamples; resample += 1) {
    drawGroups(drawn, rng);
    totals.fill(0);
    for (let code = 0; code < users.count; code += 1) {
      const times = drawn[code]!;
      if (times > 0) for (let at = 0; at < width; at += 1) totals[at]! += times * sums[code * width + at]!;
    }
    statistics.forEach((statistic, at) => (out[at]![resample] = statistic(totals)));
  }
  return out;
}

/** Totals of the columns over all rows: what the statistics are of the sample itself. */
export function totalsOf(columns: readonly ArrayLike<number>[]): Float64Array {
  return Float64Array.from(columns, (column) => {
    let sum = 0;
    for (let row = 0; row < column.length; row += 1) sum += column[row]!;
    return sum;
  });
}

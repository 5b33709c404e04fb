/**
 * 95 % interval of a statistic from its values with one user left out at a time (the delete-one jackknife with a normal quantile;
 * Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 11). For counts of *different* things: a bootstrap draws
 * users twice, and what is said twice is no longer different, so its resamples lie below the statistic itself.
 *
 * @param value of all rows
 * @param leftOut [users] of all rows but those of one user
 * @returns null where there are fewer than two users
 */
export function jackknifeInterval(value: number, leftOut: ArrayLike<number>): readonly [number, number] | null {
  const n = leftOut.length;
  if (n < 2) return null;
  let mean = 0;
  for (let user = 0; user < n; user += 1) mean += leftOut[user]! / n;
  let squares = 0;
  for (let user = 0; user < n; user += 1) squares += (leftOut[user]! - mean) ** 2;
  const half = 1.959964 * Math.sqrt(((n - 1) / n) * squares);
  return [Math.max(0, value - half), Math.min(1, value + half)];
}

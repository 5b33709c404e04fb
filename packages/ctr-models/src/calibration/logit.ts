/** Log-odds of a probability, which is clipped to [2^-52, 1 - 2^-52] as by `logLoss`, so that they are finite. */
export function logit(p: number): number {
  const clipped = Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, p));
  return Math.log(clipped) - Math.log1p(-clipped);
}

import { z } from 'zod';

/** Which estimator of the KL divergence from the reference goes into the reward. */
export type KlEstimator = 'k1' | 'k2' | 'k3';

/** {@link KlEstimator} as an option of an algorithm with a KL in its rewards. */
export const klEstimatorOption = z
  .enum(['k1', 'k2', 'k3'])
  .default('k1')
  .describe('estimator of that KL: k1 is unbiased, k2 biased, k3 unbiased and never negative');

/** Bound on the log-ratio inside `exp`, as in verl and OpenRLHF: e^20 is finite in float32 and far beyond any sane ratio. */
export const LOG_RATIO_LIMIT = 20;

/**
 * Estimators of KL(policy || reference) from one token sampled from the policy, with
 * `logRatio = log policy(token) - log reference(token)` in nats (Schulman 2020, "Approximating KL divergence").
 *
 * - k1 = logRatio: unbiased, may be negative.
 * - k2 = logRatio^2 / 2: biased, low variance.
 * - k3 = exp(-logRatio) - 1 + logRatio: unbiased and never negative; the exponent is bounded by {@link LOG_RATIO_LIMIT}.
 */
export const klEstimators: Readonly<Record<KlEstimator, (logRatio: number) => number>> = {
  k1: (logRatio) => logRatio,
  k2: (logRatio) => (logRatio * logRatio) / 2,
  k3: (logRatio) => Math.expm1(Math.min(Math.max(-logRatio, -LOG_RATIO_LIMIT), LOG_RATIO_LIMIT)) + logRatio,
};

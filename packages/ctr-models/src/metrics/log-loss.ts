import { checkLabelledProbabilities } from './check.js';

/**
 * Mean negative log-likelihood in nats: -mean(y log p + (1 - y) log(1 - p)).
 *
 * Probabilities are clipped to [eps, 1 - eps] with eps = 2^-52, as `sklearn.metrics.log_loss` does in float64, so the value is finite.
 *
 * @param labels 0 or 1, one a row. One class alone is fine.
 * @param probabilities of label 1.
 * @throws CtrError `CTR_PROBABILITY` outside [0, 1]; `CTR_EMPTY`, `CTR_LENGTH`, `CTR_LABEL`, `CTR_NOT_FINITE`.
 */
export function logLoss(labels: ArrayLike<number>, probabilities: ArrayLike<number>): number {
  checkLabelledProbabilities('logLoss', labels, probabilities);
  let total = 0;
  for (let i = 0; i < labels.length; i += 1) {
    const p = Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, probabilities[i]!));
    total -= labels[i] === 1 ? Math.log(p) : Math.log1p(-p);
  }
  return total / labels.length;
}

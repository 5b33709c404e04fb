import { PolicyError } from './errors.js';

/** @param total sum of a softmax @throws {@link PolicyError} `POLICY_NOT_FINITE` where it is no distribution, as after a NaN among the logits */
export function checkDistribution(total: number, prompt: number): void {
  if (Math.abs(total - 1) < 0.01) return; // false for NaN
  throw notFinite('the probabilities of the next token are not finite', `generate, prompt ${prompt}`);
}

/** @param logProbs of given tokens, in nats @throws {@link PolicyError} `POLICY_NOT_FINITE` */
export function checkLogProbs(logProbs: Float32Array, where: string): void {
  const bad = logProbs.find((value) => !Number.isFinite(value));
  if (bad !== undefined) throw notFinite(`a log-probability is ${bad}`, where);
}

/** The error of what is not finite. */
export function notFinite(what: string, where: string): PolicyError {
  return new PolicyError('POLICY_NOT_FINITE', what, {
    where,
    expected: 'finite logits: there is NaN or infinity in the weights, or their products overflow float32',
    remedy: 'use other weights or another adapter; an adapter that was trained to this is trained again with a smaller learning rate',
  });
}

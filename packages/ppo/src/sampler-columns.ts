import type { Ragged } from './ragged.js';
import type { Rollout } from './rollout.js';

/** The column of {@link samplerLogProbs}, under a name that no column of an algorithm has by accident. */
export const SAMPLER = 'loop: log-probabilities of the sampler';

/** What the sampler said of each token, in nats; 0 where it said nothing (NaN), as a server may. */
export function samplerLogProbs(rollouts: readonly Rollout[]): Ragged {
  return rollouts.map((rollout) => rollout.samplerLogProbs.map((logProb) => (Number.isNaN(logProb) ? 0 : logProb)));
}

/** 1 where the sampler said something, else 0. */
export function saidBySampler(rollouts: readonly Rollout[]): Ragged {
  return rollouts.map((rollout) => rollout.samplerLogProbs.map((logProb) => (Number.isNaN(logProb) ? 0 : 1)));
}

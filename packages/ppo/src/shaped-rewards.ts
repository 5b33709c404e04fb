import type { TokenIds } from '@expctr/language-model';
import { mapRagged, type Ragged } from './ragged.js';

/** Arguments of {@link shapedRewards}. */
export interface ShapedRewardsOptions {
  /** Estimated KL to the reference per response token, in nats. */
  readonly kl: Ragged;
  /** Reward units per nat. */
  readonly klCoefficient: number;
  /** One score per completion. */
  readonly scores: readonly number[];
}

/**
 * The reward of each token: -klCoefficient * KL of that token, and the score of the completion added once, on its last
 * response token (Ziegler et al. 2019, equation 2; the N implementation details, "reward = score - KL").
 */
export function shapedRewards({ kl, klCoefficient, scores }: ShapedRewardsOptions): Float32Array[] {
  return mapRagged(kl, (value, row, token) => (token === kl[row]!.length - 1 ? scores[row]! : 0) - klCoefficient * value);
}

/**
 * The score of a completion less `penalty` when its response holds no stop token. Only the response is searched: a stop
 * token in the prompt (chat templates are full of them, and padding may be one) says nothing about the response.
 */
export function penalizeMissingStop(score: number, response: TokenIds, stopTokenIds: readonly number[], penalty: number): number {
  return stopAt(response, stopTokenIds) < 0 ? score - penalty : score;
}

/** Index of the first stop token of a response, -1 if there is none. */
export function stopAt(response: TokenIds, stopTokenIds: readonly number[]): number {
  for (let at = 0; at < response.length; at += 1) if (stopTokenIds.includes(response[at]!)) return at;
  return -1;
}

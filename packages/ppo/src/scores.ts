import { PpoError } from './errors.js';
import type { ScoreFunction, ScoredRollout } from './learner.js';
import type { Rollout } from './rollout.js';

/**
 * Asks for the scores of all completions and checks them.
 * @throws PpoError PPO_SCORES unless there is one finite number or null for each completion
 */
export async function scoreCompletions(score: ScoreFunction, rollouts: readonly Rollout[]): Promise<ScoredRollout[]> {
  const scores = await score(rollouts);
  if (scores.length !== rollouts.length) {
    throw new PpoError('PPO_SCORES', `score gave ${scores.length} values`, {
      where: 'score',
      expected: `${rollouts.length}, one for each completion`,
    });
  }
  return rollouts.map((rollout, i) => {
    const value = scores[i];
    if (value === null || (typeof value === 'number' && Number.isFinite(value))) return { ...rollout, score: value };
    throw new PpoError('PPO_SCORES', `completion ${i} has the score ${value}`, {
      where: 'score',
      expected: 'a finite number, or null for not scored',
    });
  });
}

/** Did the completion get a score? */
export function isScored(rollout: ScoredRollout): rollout is ScoredRollout & { readonly score: number } {
  return rollout.score !== null;
}

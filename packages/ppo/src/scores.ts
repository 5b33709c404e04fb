import type { RewardComponent } from './algorithm.js';
import { PpoError } from './errors.js';
import type { ComponentScores, ScoreFunction, ScoredRollout } from './learner.js';
import type { Rollout } from './rollout.js';

/** Completions with their scores, and what the rewards that these were made of weigh. */
export interface Scored {
  readonly completions: readonly ScoredRollout[];
  /** By the names of the components; undefined where `score` did not tell them apart. */
  readonly weights?: Readonly<Record<string, number>>;
}

/**
 * Asks for the scores of all completions and checks them.
 * @throws PpoError PPO_SCORES unless there is one finite number or null for each completion, and for each in every component, whose
 * weight is a finite number
 */
export async function scoreCompletions(score: ScoreFunction, rollouts: readonly Rollout[]): Promise<Scored> {
  const given: unknown = await score(rollouts);
  if (!isComponentScores(given)) {
    const scores = checked('score', given, rollouts.length);
    return { completions: rollouts.map((rollout, i) => ({ ...rollout, score: scores[i]! })) };
  }
  const total = checked('score', given.total, rollouts.length);
  const components = Object.entries(given.components).map(([name, values]) => [name, checked(name, values, rollouts.length)] as const);
  for (const [name] of components) {
    const weight: unknown = given.weights[name];
    if (typeof weight === 'number' && Number.isFinite(weight)) continue;
    throw new PpoError('PPO_SCORES', `the weight is ${String(weight)}`, { where: `score, component ${name}`, expected: 'a finite number' });
  }
  return {
    completions: rollouts.map((rollout, i) => ({
      ...rollout,
      score: total[i]!,
      components: Object.fromEntries(components.map(([name, values]) => [name, values[i]!])),
    })),
    weights: given.weights,
  };
}

/** The components of some completions, which were all scored with the same ones. */
export function componentsOf(
  completions: readonly ScoredRollout[],
  weights: Readonly<Record<string, number>> | undefined,
): readonly RewardComponent[] | undefined {
  if (weights === undefined) return undefined;
  const names = Object.keys(completions[0]?.components ?? {});
  return names.map((name) => ({ name, weight: weights[name]!, values: completions.map(({ components }) => components?.[name] ?? null) }));
}

function isComponentScores(given: unknown): given is ComponentScores {
  return typeof given === 'object' && given !== null && 'total' in given && 'components' in given && 'weights' in given;
}

function checked(where: string, given: unknown, count: number): (number | null)[] {
  const isList = typeof given === 'object' && given !== null && typeof (given as ArrayLike<unknown>).length === 'number';
  const values: readonly unknown[] = isList ? Array.from(given as ArrayLike<unknown>) : [];
  if (!isList || values.length !== count) {
    throw new PpoError('PPO_SCORES', isList ? `score gave ${values.length} values` : `score gave ${typeof given}`, {
      where,
      expected: `${count}, one for each completion`,
    });
  }
  return values.map((value, i) => {
    if (value === null || (typeof value === 'number' && Number.isFinite(value))) return value;
    throw new PpoError('PPO_SCORES', `completion ${i} has the score ${typeof value === 'number' ? value : typeof value}`, {
      where,
      expected: 'a finite number, or null for not scored',
    });
  });
}

/** Did the completion get a score? */
export function isScored(rollout: ScoredRollout): rollout is ScoredRollout & { readonly score: number } {
  return rollout.score !== null;
}

import { PpoError } from './errors.js';
import type { Learner, LearnerFactory, LearnerOptions } from './learner.js';
import { createPpo } from './ppo.js';

/**
 * Every algorithm by its name. A new one is a file with a `LearnerFactory` (rollouts, minibatches, losses and
 * whitening are shared) and one line here; its settings reach {@link createLearner} through its own config type.
 */
export const algorithms = {
  /** Proximal policy optimization with a value head. */
  ppo: createPpo,
} as const satisfies Readonly<Record<string, LearnerFactory<never>>>;

/** A name in {@link algorithms}. */
export type AlgorithmName = keyof typeof algorithms;

/** The settings of an algorithm. */
export type AlgorithmConfig<Name extends AlgorithmName> = Parameters<(typeof algorithms)[Name]>[0]['config'];

/**
 * Makes the learner of the algorithm of that name, so that one word of a configuration answers "PPO or something else?".
 * @throws PpoError PPO_ALGORITHM for a name that is not in the table
 */
export function createLearner<Name extends AlgorithmName>(
  options: { readonly algorithm: Name } & LearnerOptions<AlgorithmConfig<Name>>,
): Promise<Learner> {
  const { algorithm, ...rest } = options;
  if (Object.hasOwn(algorithms, algorithm)) return algorithms[algorithm](rest);
  return Promise.reject(
    new PpoError('PPO_ALGORITHM', `there is no algorithm ${String(algorithm)}`, {
      where: 'algorithm',
      expected: `one of ${Object.keys(algorithms).join(', ')}`,
    }),
  );
}

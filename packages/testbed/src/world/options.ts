import { requireInteger, TestbedError } from '../errors.js';
import { VALUE_COUNT } from './vocabulary.js';

/** Options of {@link generateWorld}. */
export interface WorldOptions {
  /** Everything follows from it. Numbers are for evaluation; the project pre-trains its model in worlds whose seeds are texts. */
  readonly seed: number | string;
  /** Users. Default 300. */
  readonly users?: number;
  /** Items; at least twice as many as a user's interactions can be. Default 400. */
  readonly items?: number;
  /** Fewest interactions of a user. Default 10. */
  readonly minInteractions?: number;
  /** Most interactions of a user; activity is log-uniform between both. Default 60. */
  readonly maxInteractions?: number;
  /** Attribute values that a user likes. Default 4. */
  readonly likes?: number;
  /** Attribute values that a user dislikes. Default 3. */
  readonly dislikes?: number;
  /** Users have two sets of tastes, and their last two items decide which one is at work. Default false. */
  readonly secondIntent?: boolean;
  /** The items are games instead of stories: other items and other words for the same tastes of the same users. Default false. */
  readonly secondDomain?: boolean;
}

/** The options with nothing left open. */
export type CompleteWorldOptions = Required<WorldOptions>;

/** @throws TestbedError `TESTBED_OPTION`, which names the option, for a world that cannot be. */
export function completeWorldOptions(options: WorldOptions): CompleteWorldOptions {
  const {
    seed,
    users = 300,
    items = 400,
    minInteractions = 10,
    maxInteractions = 60,
    likes = 4,
    dislikes = 3,
    secondIntent = false,
    secondDomain = false,
  } = options;
  if (typeof seed !== 'string') requireInteger('testbed.seed', seed, 0, Number.MAX_SAFE_INTEGER);
  requireInteger('testbed.users', users, 1, 10_000_000);
  requireInteger('testbed.minInteractions', minInteractions, 3, 10_000);
  requireInteger('testbed.maxInteractions', maxInteractions, minInteractions, 10_000);
  requireInteger('testbed.items', items, 2 * maxInteractions, 1_000_000);
  requireInteger('testbed.likes', likes, 0, VALUE_COUNT);
  requireInteger('testbed.dislikes', dislikes, 0, VALUE_COUNT);
  const tastes = (likes + dislikes) * (secondIntent ? 2 : 1);
  if (tastes === 0 || tastes > VALUE_COUNT) {
    throw new TestbedError('TESTBED_OPTION', `testbed.likes and testbed.dislikes give a user ${tastes} tastes`, {
      expected: `1 to ${VALUE_COUNT} in all, as many as there are attribute values`,
    });
  }
  return { seed, users, items, minInteractions, maxInteractions, likes, dislikes, secondIntent, secondDomain };
}

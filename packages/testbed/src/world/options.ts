import { requireInteger, TestbedError } from '../errors.js';
import { FIELD_COUNT, VALUE_COUNT } from './vocabulary.js';

/** What tastes are made of: `meanings` that cut across fields, or values that have nothing to do with one another. */
export const TASTE_KINDS = ['meanings', 'independent'] as const;
/** What tastes are made of. */
export type TasteKind = (typeof TASTE_KINDS)[number];

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
  /**
   * `meanings` (default): users like and dislike meanings, so that whoever knows words knows what they will think of a value that they
   * never met. `independent`: each taste is for one value and says nothing of any other, and only counting helps.
   */
  readonly tastes?: TasteKind;
  /**
   * How much each field counts on this platform: factors of the tastes, in the order of the fields. Default: some fields count much and
   * some little, which ones is drawn from the seed; where tastes are independent, all count 1. `by-user` draws them anew for every user,
   * so that nothing can be learned of them.
   */
  readonly fieldWeights?: readonly number[] | 'by-user';
  /** Attribute values that a user likes where tastes are independent. Default 4. */
  readonly likes?: number;
  /** Attribute values that a user dislikes where tastes are independent. Default 3. */
  readonly dislikes?: number;
  /** Users have two sets of tastes, and their last two items decide which one is at work. Default false. */
  readonly secondIntent?: boolean;
  /** The items are games instead of stories: other items and other words for the same tastes of the same users. Default false. */
  readonly secondDomain?: boolean;
}

/** The options with nothing left open, the weights aside, which are drawn. */
export type CompleteWorldOptions = Required<Omit<WorldOptions, 'fieldWeights'>> & Pick<WorldOptions, 'fieldWeights'>;

/** @throws TestbedError `TESTBED_OPTION`, which names the option, for a world that cannot be. */
export function completeWorldOptions(options: WorldOptions): CompleteWorldOptions {
  const {
    seed,
    users = 300,
    items = 400,
    minInteractions = 10,
    maxInteractions = 60,
    tastes = 'meanings',
    fieldWeights,
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
  if (!TASTE_KINDS.includes(tastes)) {
    throw new TestbedError('TESTBED_OPTION', `testbed.tastes is '${String(tastes)}'`, { expected: `one of ${TASTE_KINDS.join(', ')}` });
  }
  const valued = (likes + dislikes) * (secondIntent ? 2 : 1);
  if (valued === 0 || valued > VALUE_COUNT) {
    throw new TestbedError('TESTBED_OPTION', `testbed.likes and testbed.dislikes give a user ${valued} tastes`, {
      expected: `1 to ${VALUE_COUNT} in all, as many as there are attribute values`,
    });
  }
  if (fieldWeights !== undefined) requireWeights(fieldWeights);
  return {
    ...{ seed, users, items, minInteractions, maxInteractions, tastes, likes, dislikes, secondIntent, secondDomain },
    ...(fieldWeights === undefined ? {} : { fieldWeights }),
  };
}

function requireWeights(weights: readonly number[] | 'by-user'): void {
  if (weights === 'by-user') return;
  if (Array.isArray(weights) && weights.length === FIELD_COUNT && weights.every((weight) => Number.isFinite(weight) && weight >= 0)) return;
  throw new TestbedError('TESTBED_OPTION', `testbed.fieldWeights is ${JSON.stringify(weights)}`, {
    expected: `${FIELD_COUNT} numbers that are not negative, one a field, or 'by-user'`,
  });
}

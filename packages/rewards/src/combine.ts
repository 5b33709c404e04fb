import { checkOptions, type OptionKeys } from '@expctr/core';
import { askReward } from './ask-reward.js';
import { RewardError } from './errors.js';
import { normalizations, normalize, type Normalization } from './normalize.js';
import type { RewardFunction, RewardRows } from './reward-rows.js';
import { checkWeight, everWeighs, weightAt, type RewardWeight } from './weights.js';

/** One reward among several. */
export interface WeightedReward {
  /** Its name in the log (`reward/<name>`). */
  readonly name: string;
  /** Its share in the total; >= 0, or a schedule. A component of weight 0 is computed and logged and moves nothing. */
  readonly weight: RewardWeight;
  /** The function itself. */
  readonly reward: RewardFunction;
}

/** Options of {@link combine}. */
export interface CombineOptions {
  /** Within what each component is brought to mean 0 and deviation 1 before it is weighted. Default `none`. */
  readonly normalize?: Normalization;
  /** Seconds that a reward may take for a batch; null (default) = as many as it takes. */
  readonly timeoutSeconds?: number | null;
}

const COMBINE_OPTIONS: OptionKeys<CombineOptions> = { normalize: true, timeoutSeconds: true };

/** What a timer of JavaScript can count: 24 days. */
const LONGEST_TIMEOUT = 2_147_483;

/** What {@link combine} gives for a batch of rows. */
export interface CombinedRewards {
  /** [rows] the weighted total; null where no component of positive weight applies. */
  readonly total: readonly (number | null)[];
  /** Each component on its own, neither weighted nor normalized: [rows], null where it does not apply. */
  readonly components: Readonly<Record<string, readonly (number | null)[]>>;
  /** The weight of each component at this update. */
  readonly weights: Readonly<Record<string, number>>;
  /** What the rewards say of the batch themselves, by `<reward>/<figure>`. */
  readonly figures: Readonly<Record<string, number>>;
}

/** Rewards joined into one. @param update which update of its stage it is, counted from 0 (default), for weights that change */
export type CombinedReward = (rows: RewardRows, update?: number) => Promise<CombinedRewards>;

/**
 * Joins rewards into one: total = sum of weight x reward, each reward normalized before by option.
 *
 * A component that does not apply to a row (null) leaves the others in its place: the row's total is the weighted mean of
 * those that apply times the sum of all weights. So totals of rows with and without it stay on one scale, and no explanation
 * is better or worse off because a reward has nothing to say about it. (A penalty that found nothing to punish is 0, not null.)
 *
 * Rewards are asked one after the other, in the order given. What one answers is checked, whatever its weight; see {@link WeightedReward}.
 *
 * @throws {RewardError} `REWARD_OPTION` for no component, a repeated name, a weight that is negative or not finite, weights that are only
 *   zero, at once or at the update in question; asked, `REWARD_FAILED`, `REWARD_TIMEOUT`, `REWARD_ANSWER`, `REWARD_LENGTH_MISMATCH` and
 *   `REWARD_NOT_FINITE`, which name the reward
 */
export function combine(parts: readonly WeightedReward[], options: CombineOptions = {}): CombinedReward {
  checkOptions('combine', options, COMBINE_OPTIONS);
  const { normalize: within = 'none', timeoutSeconds = null } = options;
  if (!normalizations.includes(within) || (timeoutSeconds !== null && !(timeoutSeconds > 0 && timeoutSeconds <= LONGEST_TIMEOUT))) {
    throw new RewardError('REWARD_OPTION', `combine: normalize ${within}, timeoutSeconds ${timeoutSeconds}`, {
      expected: `normalize one of ${normalizations.join(', ')}; timeoutSeconds null or seconds above 0, up to ${LONGEST_TIMEOUT}`,
    });
  }
  checkParts(parts);
  return async (rows, update = 0) => {
    const weights = Object.fromEntries(parts.map(({ name, weight }) => [name, weightAt(weight, update)]));
    const all = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
    if (all === 0) throw noWeight(` at update ${update}`);
    const components: Record<string, readonly (number | null)[]> = {};
    const figures: Record<string, number> = {};
    const weighted = new Float64Array(rows.length);
    const applied = new Float64Array(rows.length);
    for (const { name, reward } of parts) {
      const answer = await askReward(name, reward, rows, timeoutSeconds);
      const weight = weights[name]!;
      components[name] = answer.values;
      for (const [figure, value] of Object.entries(answer.figures)) figures[`${name}/${figure}`] = value;
      if (weight === 0) continue;
      for (const [row, value] of normalize(answer.values, within, rows).entries()) {
        if (value === null) continue;
        weighted[row] = (weighted[row] ?? 0) + weight * value;
        applied[row] = (applied[row] ?? 0) + weight;
      }
    }
    const total = Array.from(weighted, (sum, row) => {
      const share = applied[row] ?? 0;
      if (share === 0) return null;
      return share === all ? sum : (sum / share) * all;
    });
    return { total, components, weights, figures };
  };
}

function checkParts(parts: readonly WeightedReward[]): void {
  const names = new Set<string>();
  for (const { name, weight } of parts) {
    if (names.has(name)) throw new RewardError('REWARD_OPTION', `two rewards are called '${name}'`, { remedy: 'give each its own name' });
    names.add(name);
    checkWeight(name, weight);
  }
  if (!parts.some(({ weight }) => everWeighs(weight))) throw noWeight('');
}

function noWeight(when: string): RewardError {
  return new RewardError('REWARD_OPTION', `no reward has a weight${when}`, {
    expected: 'at least one component with weight > 0',
    remedy: 'name a reward, or raise a weight',
  });
}

import { RewardError, requireLength } from './errors.js';
import type { RewardFunction, RewardRows, RewardValues } from './reward-rows.js';

/** One reward among several. */
export interface WeightedReward {
  /** Its name in the log (`reward/<name>`). */
  readonly name: string;
  /** Its share in the total; >= 0. A component of weight 0 is computed and logged and moves nothing. */
  readonly weight: number;
  /** The function itself. */
  readonly reward: RewardFunction;
}

/** What {@link combine} gives for a batch of rows. */
export interface CombinedRewards {
  /** [rows] the weighted total; null where no component of positive weight applies. */
  readonly total: readonly (number | null)[];
  /** Each component on its own, unweighted: [rows], null where it does not apply. */
  readonly components: Readonly<Record<string, readonly (number | null)[]>>;
  /** What the rewards say of the batch themselves, by `<reward>/<figure>`. */
  readonly figures: Readonly<Record<string, number>>;
}

/**
 * Joins rewards into one: total = sum of weight x reward.
 *
 * A component that does not apply to a row (null) leaves the others in its place: the row's total is the weighted mean of
 * those that apply times the sum of all weights. So totals of rows with and without it stay on one scale, and no explanation
 * is better or worse off because a reward has nothing to say about it. (A penalty that found nothing to punish is 0, not null.)
 *
 * @throws {RewardError} `REWARD_OPTION` for no component, a repeated name, a weight that is negative or not finite, or only zero weights
 */
export function combine(parts: readonly WeightedReward[]): (rows: RewardRows) => Promise<CombinedRewards> {
  const all = checkedWeight(parts);
  return async (rows) => {
    const components: Record<string, (number | null)[]> = {};
    const figures: Record<string, number> = {};
    const weighted = new Float64Array(rows.length);
    const applied = new Float64Array(rows.length);
    for (const { name, weight, reward } of parts) {
      const given = withFigures(await reward(rows));
      const values = Array.from(given.values);
      requireLength(`reward '${name}'`, values, rows.length);
      components[name] = values;
      for (const [figure, value] of Object.entries(given.figures)) if (Number.isFinite(value)) figures[`${name}/${figure}`] = value;
      if (weight === 0) continue;
      for (const [row, value] of values.entries()) {
        if (value === null) continue;
        if (!Number.isFinite(value)) {
          throw new RewardError('REWARD_NOT_FINITE', `reward '${name}' is ${value}`, {
            where: `row ${row}`,
            expected: 'a finite number, or null where it does not apply',
          });
        }
        weighted[row] = (weighted[row] ?? 0) + weight * value;
        applied[row] = (applied[row] ?? 0) + weight;
      }
    }
    const total = Array.from(weighted, (sum, row) => {
      const share = applied[row] ?? 0;
      if (share === 0) return null;
      return share === all ? sum : (sum / share) * all;
    });
    return { total, components, figures };
  };
}

/** An array has a property `values`, too: the figures tell the two apart. */
const withFigures = (given: ArrayLike<number | null> | RewardValues): RewardValues =>
  'figures' in given ? given : { values: given, figures: {} };

function checkedWeight(parts: readonly WeightedReward[]): number {
  const names = new Set<string>();
  for (const { name, weight } of parts) {
    if (names.has(name)) throw new RewardError('REWARD_OPTION', `two rewards are called '${name}'`, { remedy: 'give each its own name' });
    names.add(name);
    if (!Number.isFinite(weight) || weight < 0) {
      throw new RewardError('REWARD_OPTION', `the weight of reward '${name}' is ${weight}`, {
        expected: 'a finite number >= 0',
        remedy: 'turn the sign of the reward itself around, not that of its weight',
      });
    }
  }
  const all = parts.reduce((sum, { weight }) => sum + weight, 0);
  if (all > 0) return all;
  throw new RewardError('REWARD_OPTION', 'no reward has a weight', {
    expected: 'at least one component with weight > 0',
    remedy: 'name a reward, or raise a weight',
  });
}

import { atMost, checkOptions, type OptionKeys } from '@expctr/core';
import { z } from 'zod';
import { RewardError, requireLength, requireProbability } from './errors.js';
import { pickRows } from './pick-rows.js';
import { requireClicks, type ClickPredictor } from './reward-context.js';
import type { Reward } from './reward.js';
import { isEmptyExplanation, type RewardRows } from './reward-rows.js';

/** Options of {@link counterfactualReward}. */
export interface CounterfactualRewardOptions {
  /** p_IC = f(h(u,i), z), z the vector of the row's explanation. */
  readonly predictClick: ClickPredictor;
  /** Explanations of other users that each one is exchanged for; >= 1. Default 4. */
  readonly others?: number;
  /** What counts as moving: `label` (default) towards what the user did, `any` in either direction. */
  readonly direction?: 'label' | 'any';
}

const COUNTERFACTUAL_REWARD_OPTIONS: OptionKeys<CounterfactualRewardOptions> = { predictClick: true, others: true, direction: true };

/**
 * Whether the CTR prediction hangs on *this* explanation: with d = f(h, z) - mean over z' of f(h, z'), z' the explanations of other users
 * in the same batch, the reward is d for label 1 and -d for label 0 (`label`, in [-1, 1]), or |d| (`any`, in [0, 1]). Features h and item
 * stay those of the row. An explanation that would do for anybody earns 0; where the CTR model does not listen to z everybody earns 0.
 *
 * Of the batch's explanations by other users that say something, those about the same item come first, then others, taken at even
 * distances so that they come from different prompts; nothing is drawn. An explanation of which nothing is left to encode gets the least
 * reward (-1 or 0). Does not apply (null) where the batch has no other user's explanation.
 *
 * The rows need the column `user`.
 *
 * @throws {RewardError} `REWARD_OPTION`, `REWARD_COLUMN_MISSING`, `REWARD_LENGTH_MISMATCH`, `REWARD_NOT_A_PROBABILITY`
 */
export function counterfactualReward(parameters: CounterfactualRewardOptions): (rows: RewardRows) => Promise<(number | null)[]> {
  checkOptions('counterfactualReward', parameters, COUNTERFACTUAL_REWARD_OPTIONS);
  const { predictClick, others = 4, direction = 'label' } = parameters;
  if (!(Number.isInteger(others) && others >= 1 && (direction === 'label' || direction === 'any'))) {
    throw new RewardError('REWARD_OPTION', `counterfactualReward: others ${others}, direction ${String(direction)}`, {
      expected: 'others a whole number >= 1, direction label or any',
    });
  }
  const predicted = async (rows: RewardRows): Promise<number[]> => {
    const values = await predictClick(rows);
    requireLength('p_IC', values, rows.length);
    return Array.from(values, (value, row) => requireProbability('p_IC', value, row));
  };
  return async (rows) => {
    const exchanges = exchangesOf(rows, others);
    const own = await predicted(rows);
    const exchanged = exchanges.length === 0 ? [] : await predicted(exchangedRows(rows, exchanges));
    const sums = new Float64Array(rows.length);
    const counts = new Uint32Array(rows.length);
    exchanges.forEach(({ row }, at) => {
      sums[row]! += exchanged[at]!;
      counts[row]! += 1;
    });
    return own.map((p, row) => {
      if (isEmptyExplanation(rows, row)) return direction === 'label' ? -1 : 0;
      if (counts[row] === 0) return null;
      const moved = p - sums[row]! / counts[row]!;
      return direction === 'any' ? Math.abs(moved) : rows.label[row] === 1 ? moved : -moved;
    });
  };
}

/** A row, and the row whose explanation takes the place of its own. */
interface Exchange {
  readonly row: number;
  readonly from: number;
}

function exchangesOf(rows: RewardRows, count: number): Exchange[] {
  const { user } = rows;
  if (user === undefined) {
    throw new RewardError('REWARD_COLUMN_MISSING', 'an explanation is exchanged for that of another user, and the rows name no users', {
      remedy: "give the rows a column 'user'",
    });
  }
  const filled = Array.from({ length: rows.length }, (_, row) => row).filter((row) => !isEmptyExplanation(rows, row));
  const items = rows.item.map((item) => JSON.stringify([item.title, item.attributes]));
  return filled.flatMap((row) => {
    const candidates = filled.filter((other) => user[other] !== user[row]);
    const [same, different] = [true, false].map((wanted) => candidates.filter((other) => (items[other] === items[row]) === wanted));
    const chosen = evenly(same!, count);
    return [...chosen, ...evenly(different!, count - chosen.length)].map((from) => ({ row, from }));
  });
}

/** At most `count` of these, at even distances. */
function evenly(from: readonly number[], count: number): number[] {
  const taken = Math.min(count, from.length);
  return Array.from({ length: taken }, (_, at) => from[Math.floor((at * from.length) / taken)]!);
}

/** The rows as they are but for what was said of them. */
function exchangedRows(rows: RewardRows, exchanges: readonly Exchange[]): RewardRows {
  const said = pickRows(
    rows,
    exchanges.map(({ from }) => from),
  );
  const { explanation, read, tokenCount, finishReason } = said;
  const about = pickRows(
    rows,
    exchanges.map(({ row }) => row),
  );
  return { ...about, explanation, read, tokenCount, finishReason };
}

const options = z.object({
  others: z
    .int()
    .min(1)
    .max(1000, atMost(1000, 'each is one more prediction for every explanation'))
    .default(4)
    .describe('explanations of other users in the batch that each one is exchanged for'),
  direction: z
    .enum(['label', 'any'])
    .default('label')
    .describe('what counts as moving the CTR model: towards what the user did, or in either direction'),
});

/** The counterfactual reward as a part of a run. */
export const counterfactualPart: Reward<z.output<typeof options>> = {
  name: 'counterfactual',
  description: "the CTR prediction moves when the explanation is exchanged for another user's",
  options,
  create: (context, chosen) => counterfactualReward({ predictClick: requireClicks(context, 'counterfactual').predict, ...chosen }),
};

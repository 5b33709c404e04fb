import { atMost, checkOptions, type OptionKeys } from '@expctr/core';
import type { ItemText } from '@expctr/data';
import { z } from 'zod';
import { valueKey, vocabularyOf, type Vocabulary } from './attribute-names.js';
import { RewardError } from './errors.js';
import type { Reward } from './reward.js';
import { isEmptyExplanation, type RewardRows, type RewardValues } from './reward-rows.js';

/** Options of {@link groundingReward}. */
export interface GroundingRewardOptions {
  /** Items whose attribute values can be named: those of the dataset. */
  readonly items: () => Iterable<ItemText>;
  /** Attributes that count; null (default) = all. */
  readonly fields?: readonly string[] | null;
  /** What a value costs that neither item nor history has, where one that they have earns 1; >= 0. Default 1. */
  readonly penalty?: number;
}

const GROUNDING_REWARD_OPTIONS: OptionKeys<GroundingRewardOptions> = { items: true, fields: true, penalty: true };

/**
 * Whether an explanation names only attribute values that its item or an item of the visible history has: of the different values that it
 * names, (grounded - penalty x others) / all, in [-penalty, 1].
 *
 * What can be named is every attribute value of the dataset's items, found word by word in any script (`wordsOf`), the longest first:
 * "science fiction" does not name fiction. What a text quotes of the titles of item and history names nothing. A value that is an ordinary
 * word ("short") is found wherever that word stands.
 *
 * A text that names nothing gets 0: there is neither merit nor harm in it. One of which nothing is left to read gets -penalty. Where the
 * dataset's items have no values of these attributes, nothing can be named, and the reward does not apply (null). Figures for the log:
 * `named` and `invented`, values a text names, and those of them that neither item nor history has, on average.
 *
 * @throws {RewardError} `REWARD_OPTION` for a penalty that is negative or not finite
 */
export function groundingReward(parameters: GroundingRewardOptions): (rows: RewardRows) => Promise<RewardValues> {
  checkOptions('groundingReward', parameters, GROUNDING_REWARD_OPTIONS);
  const { items, fields = null, penalty = 1 } = parameters;
  if (!(penalty >= 0 && Number.isFinite(penalty))) {
    throw new RewardError('REWARD_OPTION', `groundingReward: penalty ${penalty}`, { expected: 'a finite number >= 0' });
  }
  let vocabulary: Vocabulary | undefined;
  return (rows) => {
    const known = (vocabulary ??= vocabularyOf(items(), fields));
    if (known.size === 0) return Promise.resolve({ values: rows.read.map(() => null), figures: {} });
    const counts = rows.read.map((text, row) => {
      const shown = shownItems(rows, row);
      const has = new Set(shown.flatMap(({ attributes }) => Object.values(attributes).flat().map(valueKey)));
      const names = known.named(
        text,
        shown.map(({ title }) => title),
      );
      return { named: names.length, invented: names.filter((name) => !has.has(name)).length };
    });
    const values = counts.map(({ named, invented }, row) => {
      if (isEmptyExplanation(rows, row)) return -penalty;
      return named === 0 ? 0 : (named - invented - penalty * invented) / named;
    });
    const mean = (of: 'named' | 'invented'): number => counts.reduce((sum, count) => sum + count[of], 0) / counts.length;
    return Promise.resolve({ values, figures: { named: mean('named'), invented: mean('invented') } });
  };
}

function shownItems({ item, history }: RewardRows, row: number): ItemText[] {
  const { liked = [], disliked = [] } = history?.[row] ?? {};
  return [item[row]!, ...liked, ...disliked];
}

const options = z.object({
  fields: z
    .array(z.string())
    .min(1)
    .nullable()
    .default(null)
    .describe('attributes of items whose values are looked for, such as ["genres"]; null = all'),
  penalty: z
    .number()
    .min(0)
    .max(1e6, atMost(1e6, 'rewards are of the order of 1'))
    .default(1)
    .describe('what a value costs that neither item nor history has, where one that they have earns 1'),
});

/** The grounding reward as a part of a run. */
export const groundingPart: Reward<z.output<typeof options>> = {
  name: 'grounding',
  description: 'names only attribute values that the item or the visible history has',
  options,
  create: (context, chosen) => groundingReward({ items: () => context.items(), ...chosen }),
};

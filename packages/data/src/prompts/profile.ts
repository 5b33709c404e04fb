import { z } from 'zod';
import { BALANCES, countValues, groupByBalance } from './balance.js';
import { dataText } from './data-text.js';
import { slotted } from './item-format.js';
import type { HistoryText, ItemText } from './item-text.js';
import { fill } from './slots.js';

/**
 * How the slot `{profile}` is written: every attribute value that the history holds, grouped by its balance, as a person would sum up
 * what a user likes; so a model need not count, and can relate a value that was never met to its kin.
 */
export const profileFormatSchema = z.strictObject({
  /** One group that is not empty; slots `{balance}` and `{values}`, for instance `{balance} {values}`. */
  group: slotted(['balance', 'values'], ['balance', 'values']),
  /** What stands for each balance: at least three more likes than dislikes, more, as many of both, and the other way round. */
  balances: z.strictObject({
    /** At least three more likes than dislikes. */
    loved: z.string().min(1),
    /** One or two more likes. */
    liked: z.string().min(1),
    /** As many of both. */
    mixed: z.string().min(1),
    /** One or two more dislikes. */
    disliked: z.string().min(1),
    /** At least three more dislikes. */
    hated: z.string().min(1),
  }),
  /** Stands between groups. */
  separator: z.string(),
  /** Stands between values; the most frequent come first. */
  valueSeparator: z.string(),
  /** Stands for a history without values. */
  empty: z.string(),
  /** At most so many values of a group, the most frequent ones. Default: all. */
  limit: z.int().min(1).optional(),
});
/** How the slot `{profile}` is written. */
export type ProfileFormat = z.infer<typeof profileFormatSchema>;

/** For a template that has the slot, and does not say how it is written. */
export const NO_PROFILE = 'the slot {profile} is used, and profile does not say how it is written';

/** The text of the slot `{profile}`; values go through `dataText`. */
export function formatProfile({ liked, disliked }: HistoryText, format: ProfileFormat, delimiters: readonly string[]): string {
  const groups = groupByBalance(countValues(liked.map(valuesOf), disliked.map(valuesOf)));
  const written = BALANCES.filter((balance) => groups[balance].length > 0).map((balance) =>
    fill(format.group, {
      balance: format.balances[balance],
      values: groups[balance]
        .slice(0, format.limit)
        .map((value) => dataText(value.slice(value.indexOf('\n') + 1), delimiters))
        .join(format.valueSeparator),
    }),
  );
  return written.length === 0 ? format.empty : written.join(format.separator);
}

/** Values with the names of their attributes, so that a word that two attributes have is two values. */
const valuesOf = ({ attributes }: ItemText): string[] =>
  Object.entries(attributes).flatMap(([name, values]) => values.map((value) => `${name}\n${value}`));

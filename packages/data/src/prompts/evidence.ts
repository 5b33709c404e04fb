import { z } from 'zod';
import { dataText } from './data-text.js';
import { slotted } from './item-format.js';
import { fill } from './slots.js';
import type { HistoryText, ItemText } from './item-text.js';

/**
 * How the slot `{evidence}` is written: the history grouped by the target's attributes, so that a small model need not search for
 * what belongs together. For each value of the target: how often an item with it was liked and disliked, as words.
 */
export const evidenceFormatSchema = z.strictObject({
  /** One value of the target; slots `{labels}` and `{value}`, for instance `{labels} {value}`. */
  entry: slotted(['labels', 'value'], ['labels', 'value']),
  /** Stands between values. */
  separator: z.string(),
  /** Stands for an item with this value that was liked; these come first. */
  liked: z.string().min(1),
  /** Stands for an item with this value that was disliked. */
  disliked: z.string().min(1),
  /** Stands for the labels of a value that no item of the history has. */
  none: z.string(),
  /** Stands between labels. */
  labelSeparator: z.string(),
  /** At most so many of each label: where there are more, as many of both are left out, so that the balance stays. */
  limit: z.int().min(1),
});
/** How the slot `{evidence}` is written. */
export type EvidenceFormat = z.infer<typeof evidenceFormatSchema>;

/** For a template that has the slot, and does not say how it is written. */
export const NO_EVIDENCE = 'the slot {evidence} is used, and evidence does not say how it is written';

/** What a history says of one value of the target. */
export interface Evidence {
  /** Name of the attribute. */
  readonly name: string;
  /** The target's value. */
  readonly value: string;
  /** How many items with this value were liked; at most the limit. */
  readonly liked: number;
  /** How many were disliked; at most the limit. */
  readonly disliked: number;
}

/**
 * Counts that are at most `limit` each: where one is above it, as many of both are left out. Eight likes and six dislikes are, with a
 * limit of 4, four and two; cutting each by itself would make them four and four, which is another thing.
 */
export function balancedCounts(liked: number, disliked: number, limit: number): Pick<Evidence, 'liked' | 'disliked'> {
  const cancelled = Math.max(0, Math.max(liked, disliked) - limit);
  return { liked: Math.max(0, liked - cancelled), disliked: Math.max(0, disliked - cancelled) };
}

/** The history by the target's values, in their order. @param limit of {@link balancedCounts} */
export function evidenceOf({ liked, disliked }: HistoryText, target: ItemText, limit: number): Evidence[] {
  const count = (items: readonly ItemText[], name: string, value: string): number =>
    items.filter(({ attributes }) => attributes[name]?.includes(value)).length;
  return Object.entries(target.attributes).flatMap(([name, values]) =>
    values.map((value) => ({ name, value, ...balancedCounts(count(liked, name, value), count(disliked, name, value), limit) })),
  );
}

/** The text of the slot `{evidence}`; values go through `dataText`. */
export function formatEvidence(history: HistoryText, target: ItemText, format: EvidenceFormat, delimiters: readonly string[]): string {
  return evidenceOf(history, target, format.limit)
    .map(({ value, liked, disliked }) => {
      const words = [...Array<string>(liked).fill(format.liked), ...Array<string>(disliked).fill(format.disliked)];
      const labels = words.length === 0 ? format.none : words.join(format.labelSeparator);
      return fill(format.entry, { labels, value: dataText(value, delimiters) });
    })
    .join(format.separator);
}

/** The value of the slot, where the template says how it is written. */
export function evidenceValue(
  history: HistoryText,
  target: ItemText,
  format: EvidenceFormat | undefined,
  delimiters: readonly string[],
): { evidence?: string } {
  return format === undefined ? {} : { evidence: formatEvidence(history, target, format, delimiters) };
}

import { z } from 'zod';
import { balanceOf } from './balance.js';
import { dataText } from './data-text.js';
import { slotted } from './item-format.js';
import type { HistoryText, ItemText } from './item-text.js';
import { fill } from './slots.js';

const sentence = slotted(['value'], ['value']);

/** What is said of an attribute value of the target by the balance of the history, one sentence each; null = nothing. */
export const countedFormatSchema = z.strictObject({
  /** At least three more likes than dislikes; slot `{value}`. */
  loved: sentence.nullable(),
  /** One or two more likes. */
  liked: sentence.nullable(),
  /** As many of both. */
  mixed: sentence.nullable(),
  /** One or two more dislikes. */
  disliked: sentence.nullable(),
  /** At least three more dislikes. */
  hated: sentence.nullable(),
});
/** What is said of an attribute value by the balance of the history. */
export type CountedFormat = z.infer<typeof countedFormatSchema>;

/** In plain words. */
export const defaultCountedFormat: CountedFormat = {
  loved: 'They love {value}.',
  liked: 'They like {value}.',
  mixed: 'They are of two minds about {value}.',
  disliked: 'They dislike {value}.',
  hated: 'They hate {value}.',
};

/** What of an explanation template {@link countedExplanation} goes by. */
export interface CountedWords {
  /** Default: plain words. */
  readonly counted?: CountedFormat | undefined;
  /** What data must not hold. */
  readonly delimiters: readonly string[];
  /** What data must not hold either. */
  readonly fieldNames: readonly string[];
}

/**
 * An explanation that no language model wrote: a sentence for each attribute value of the target that the history holds, from nothing but
 * how often items with it were liked and disliked. What a trained explanation has to beat.
 */
export function countedExplanation(template: CountedWords, { liked, disliked }: HistoryText, target: ItemText): string {
  const { counted = defaultCountedFormat, delimiters, fieldNames } = template;
  const having = (items: readonly ItemText[], name: string, value: string): number =>
    items.filter(({ attributes }) => attributes[name]?.includes(value)).length;
  return Object.entries(target.attributes)
    .flatMap(([name, values]) =>
      values.flatMap((value) => {
        const [likes, dislikes] = [having(liked, name, value), having(disliked, name, value)];
        const said = likes + dislikes === 0 ? null : counted[balanceOf(likes, dislikes)];
        return said === null ? [] : [fill(said, { value: dataText(value, [...delimiters, ...fieldNames]) })];
      }),
    )
    .join(' ');
}

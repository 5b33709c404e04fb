import { formatList, type ItemFormat, type ListFormat } from './item-format.js';
import type { HistoryText, ItemText } from './item-text.js';
import { formatProfile, type ProfileFormat } from './profile.js';
import type { SlotValue } from './slots.js';

/** How a template writes a history. */
export interface HistoryFormat {
  readonly item: ItemFormat;
  readonly list: ListFormat;
  readonly profile?: ProfileFormat | undefined;
}

/**
 * The slots `{liked}`, `{disliked}` and, where the template says how it is written, `{profile}` of a history, each written when a text
 * asks for it: most templates have the lists or the profile, not both.
 */
export function historySlots(history: HistoryText, format: HistoryFormat, delimiters: readonly string[]): Record<string, SlotValue> {
  const { item, list, profile } = format;
  const listed = (items: readonly ItemText[]) => (): string => formatList(items, list, item, delimiters);
  return {
    liked: listed(history.liked),
    disliked: listed(history.disliked),
    ...(profile === undefined ? {} : { profile: () => formatProfile(history, profile, delimiters) }),
  };
}

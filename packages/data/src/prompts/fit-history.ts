import type { HistoryText } from './item-text.js';

/** A history cut to what fits. */
export interface FittedHistory {
  /** What is left. */
  readonly history: HistoryText;
  /** Entries left out. */
  readonly dropped: number;
}

/**
 * Leaves out oldest entries, always from the longer of the two lists (from `disliked` where they are equally long), until the rest
 * fits; no more of them than needed, and null where even an empty history does not fit.
 * @param fits assumed to hold for every shorter history once it holds for one
 */
export function fitHistory(whole: HistoryText, fits: (history: HistoryText) => boolean): FittedHistory | null {
  if (fits(whole)) return { history: whole, dropped: 0 };
  const entries = whole.liked.length + whole.disliked.length;
  let [tooFew, enough] = [0, entries];
  if (!fits(withoutOldest(whole, entries))) return null;
  while (enough - tooFew > 1) {
    const middle = (tooFew + enough) >> 1;
    if (fits(withoutOldest(whole, middle))) enough = middle;
    else tooFew = middle;
  }
  return { history: withoutOldest(whole, enough), dropped: enough };
}

function withoutOldest(whole: HistoryText, count: number): HistoryText {
  let [liked, disliked] = [whole.liked.length, whole.disliked.length];
  for (let left = count; left > 0; left -= 1) {
    if (liked > disliked) liked -= 1;
    else disliked -= 1;
  }
  return { liked: whole.liked.slice(whole.liked.length - liked), disliked: whole.disliked.slice(whole.disliked.length - disliked) };
}

import type { Estimates } from './interval.js';

/**
 * How much texts differ from one another; null where there is nothing to count. `distinct1`: different words over all words, in lower
 * case; `distinct2`: different pairs of neighboring words over all of them; both fall with the number of texts, so compare equal
 * numbers only. `duplicateShare`: share of texts that stand at another row, too, to the letter.
 */
export type Variety = Estimates<'distinct1' | 'distinct2' | 'duplicateShare'>;

/** Explanations of one file. */
export interface ExplanationMetrics extends Variety {
  readonly rows: number;
  readonly meanTokens: number;
  /** Share that ended because there was no more room. */
  readonly cutShare: number;
  /** Share of which nothing was left for reader and encoder. */
  readonly emptyShare: number;
  /** Different texts (as read) over rows. */
  readonly distinctShare: number;
}

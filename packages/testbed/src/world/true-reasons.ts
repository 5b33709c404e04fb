import type { TruthRow } from '@expctr/data';
import { claimOf, type Claim } from '../text/claims.js';
import { degreeOf } from '../text/phrases.js';

/** An attribute with less than this share of the sum of absolute contributions is no reason. */
const SHARE = 0.1;

/**
 * The true reasons of an interaction: its attributes with at least 10 % of the sum of absolute contributions, with their sign; strong
 * ones contribute at least 1 to the logit.
 */
export function trueReasons({ reasons }: Pick<TruthRow, 'reasons'>): Claim[] {
  const total = reasons.reduce((sum, { contribution }) => sum + Math.abs(contribution), 0);
  return reasons
    .filter(({ contribution }) => contribution !== 0 && Math.abs(contribution) >= SHARE * total)
    .map(({ field, value, contribution }) => claimOf(field, value, degreeOf(contribution) || (contribution > 0 ? 1 : -1)));
}

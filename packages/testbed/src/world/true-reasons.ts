import type { TruthRow } from '@expctr/data';
import { claimOf, type Claim } from '../text/claims.js';
import { degreeOf, type Degree } from '../text/phrases.js';

/** An attribute with less than this share of the sum of absolute contributions is no reason. */
const SHARE = 0.1;

/**
 * The true reasons of an interaction: its attributes with at least 10 % of the sum of absolute contributions, with their sign; strong
 * ones contribute at least 1 to the logit.
 */
export function trueReasons({ reasons }: Pick<TruthRow, 'reasons'>): Claim[] {
  const degrees = reasonDegrees(reasons.map(({ contribution }) => contribution));
  return reasons.flatMap(({ field, value }, at) => (degrees[at] === 0 ? [] : [claimOf(field, value, degrees[at]!)]));
}

/** Of the contributions of an item's attributes the degree of each that is a reason, and 0 for one that is none. */
export function reasonDegrees(contributions: readonly number[]): (Degree | 0)[] {
  const total = contributions.reduce((sum, share) => sum + Math.abs(share), 0);
  return contributions.map((share) => {
    if (share === 0 || Math.abs(share) < SHARE * total) return 0;
    return degreeOf(share) || (share > 0 ? 1 : -1);
  });
}

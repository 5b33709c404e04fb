import { BALANCES } from '@expctr/data';
import { NEUTRAL, NEWCOMER, NO_REASON, sayClaim, VERBS, type Degree } from './phrases.js';
import type { Situation } from './situation.js';
import type { CodedClaim } from './writers.js';

type Names = readonly string[];

/** Claims as text, one sentence each: `grim delights them. castle repels them.` */
export function sayClaims(claims: readonly CodedClaim[], names: Names): string {
  if (claims.length === 0) return NO_REASON;
  return claims.map(([value, degree]) => sayClaim(names[value]!, degree)).join(' ');
}

/** Answers of one who is asked about values one after another: `grim delights castle so-so`. */
export function sayDegrees(degrees: readonly (readonly [value: number, degree: Degree | 0])[], names: Names): string {
  return degrees.map(([value, degree]) => `${names[value]!} ${degree === 0 ? NEUTRAL : VERBS[degree]}`).join(' ');
}

/** The visible history, as the template writes it: `loved grim horror disliked castle`. */
export function sayProfile({ profile, names }: Pick<Situation, 'profile' | 'names'>): string {
  const groups = BALANCES.filter((balance) => profile[balance].length > 0);
  if (groups.length === 0) return NEWCOMER;
  return groups.map((balance) => `${balance} ${sayItem(profile[balance], names)}`).join(' ');
}

/** The item, as the template writes it. */
export const sayItem = (values: readonly number[], names: Names): string => values.map((value) => names[value]!).join(' ');

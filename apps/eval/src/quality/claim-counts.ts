import { parseClaims } from '@expctr/testbed';
import { attributeKey, type RowFacts, type StatedClaim } from './facts.js';

/**
 * What is counted of one explanation. A claim that is repeated counts once, with the degree that it has first; contradicting claims
 * (the same attribute for and against) count as two. An explanation without claims adds its row's true reasons to `reasons` and nothing else; a row without
 * true reasons adds its claims, all of them wrong.
 */
export interface ClaimCounts {
  readonly rows: number;
  readonly claims: number;
  /** True reasons of the row. */
  readonly reasons: number;
  /** Claims on the attribute of a true reason, by the reason's sign and the claimed one. */
  readonly forAsFor: number;
  readonly forAsAgainst: number;
  readonly againstAsFor: number;
  readonly againstAsAgainst: number;
  /** Of claims that name a true reason with its sign and say how much it counts: those with its strength, and the others. */
  readonly degreeRight: number;
  readonly degreeWrong: number;
  /** Claims on attributes that the item lacks. */
  readonly offItem: number;
  /** Claims on attributes that neither the item nor its visible history has. */
  readonly invented: number;
  /** 1 where a sentence is no claim. */
  readonly malformed: number;
  /** 1 where nothing is claimed. */
  readonly silent: number;
}

/** The counts by name, in the order in which they are added up. */
export const COUNTS = [
  'rows',
  'claims',
  'reasons',
  'forAsFor',
  'forAsAgainst',
  'againstAsFor',
  'againstAsAgainst',
  'degreeRight',
  'degreeWrong',
  'offItem',
  'invented',
  'malformed',
  'silent',
] as const satisfies readonly (keyof ClaimCounts)[];

/** Counts an explanation as reader and encoder saw it. */
export function countText(text: string, facts: RowFacts): ClaimCounts {
  const { claims, malformed } = parseClaims(text);
  return { ...countClaims(claims, facts), malformed: malformed > 0 ? 1 : 0 };
}

/** Counts claims. */
export function countClaims(claims: readonly StatedClaim[], { reasons, item, known }: RowFacts): ClaimCounts {
  const distinct = new Map<string, StatedClaim>();
  for (const claim of claims) {
    const key = `${claim.sign}${attributeKey(claim.field, claim.value)}`;
    if (!distinct.has(key)) distinct.set(key, claim);
  }
  const counts = Object.fromEntries(COUNTS.map((name) => [name, 0])) as { -readonly [K in keyof ClaimCounts]: number };
  counts.rows = 1;
  counts.claims = distinct.size;
  counts.reasons = reasons.size;
  counts.silent = distinct.size === 0 ? 1 : 0;
  for (const { field, value, sign, strength } of distinct.values()) {
    const attribute = attributeKey(field, value);
    const truth = reasons.get(attribute);
    if (truth?.sign === sign && strength !== undefined) counts[strength === truth.strength ? 'degreeRight' : 'degreeWrong'] += 1;
    if (truth !== undefined) counts[`${truth.sign > 0 ? 'for' : 'against'}As${sign > 0 ? 'For' : 'Against'}`] += 1;
    if (item.includes(attribute)) continue;
    counts.offItem += 1;
    if (!known(attribute)) counts.invented += 1;
  }
  return counts;
}

/** Claims that name a true reason with its sign. */
export const hits = (counts: ClaimCounts): number => counts.forAsFor + counts.againstAsAgainst;

/** F1 of one explanation; 1 where there is nothing to say and nothing is said. */
export function explanationF1(counts: ClaimCounts): number {
  return counts.claims + counts.reasons === 0 ? 1 : (2 * hits(counts)) / (counts.claims + counts.reasons);
}

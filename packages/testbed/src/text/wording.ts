import type { Rng } from '@expctr/core';
import { DOMAINS, valueNames } from '../world/vocabulary.js';
import { AGAINST, FOR, NO_REASON, THEM, type Note } from './phrases.js';
import type { CodedEvidence } from './situation.js';
import { NOTED } from './tokenizer.js';
import type { CodedClaim } from './writers.js';

const NAMES = valueNames(DOMAINS.first);

/** Claims as text, one sentence each, the attribute before its sign: `grim delights them. castle bores them.` */
export function sayClaims(claims: readonly CodedClaim[], rng: Rng): string {
  if (claims.length === 0) return NO_REASON;
  return claims
    .map(([value, sign]) => {
      const verbs = sign > 0 ? FOR : AGAINST;
      return `${NAMES[value]!} ${verbs[rng.int(verbs.length)]!} ${THEM}`;
    })
    .join(' ');
}

/** So many more of one label than of the other are a clear case. */
const CLEAR = 3;

/** What is to be noted of a value with so many liked and disliked items. */
export function noteOf(liked: number, disliked: number): Note {
  if (liked === disliked) return liked === 0 ? 'new' : 'mixed';
  const clear = Math.abs(liked - disliked) >= CLEAR;
  return liked > disliked ? (clear ? 'loved' : 'liked') : clear ? 'hated' : 'disliked';
}

/** The notes as text: `grim liked castle new noted.` */
export function sayNotes(evidence: readonly CodedEvidence[]): string {
  return [...evidence.map(({ value, liked, disliked }) => `${NAMES[value]!} ${noteOf(liked, disliked)}`), NOTED].join(' ');
}

/** The history by the target's values, as the template writes it: `liked liked disliked grim new castle`. */
export function sayEvidence(evidence: readonly CodedEvidence[]): string {
  const labels = ({ liked, disliked }: CodedEvidence): string =>
    liked + disliked === 0 ? 'new ' : 'liked '.repeat(liked) + 'disliked '.repeat(disliked);
  return evidence.map((one) => `${labels(one)}${NAMES[one.value]!}`).join(' ');
}

/** The item, as the template writes it. */
export const sayItem = (values: readonly number[]): string => values.map((value) => NAMES[value]!).join(' ');

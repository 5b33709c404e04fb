import { fieldOfName } from '../world/vocabulary.js';
import { DEGREES, NO_REASON, VERBS, type Degree } from './phrases.js';

/** One thing that an explanation says: this attribute speaks for the item, or against it, and how much. */
export interface Claim {
  /** The field, such as `genre`. */
  readonly field: string;
  /** The value in it. */
  readonly value: string;
  /** 1: speaks for the item; -1: against it. */
  readonly sign: 1 | -1;
  /** 2: much, 1: a little. */
  readonly strength: 1 | 2;
}

/** What {@link parseClaims} finds. */
export interface ParsedClaims {
  /** In the text's order, repetitions included. */
  readonly claims: Claim[];
  /** Sentences that are neither a claim nor the sentence that there is no reason. */
  readonly malformed: number;
}

const DEGREE_OF = new Map<string, Degree>(DEGREES.map((degree) => [VERBS[degree], degree]));
const NOTHING = NO_REASON.slice(0, -1);

/** The claim of this degree on an attribute. */
export function claimOf(field: string, value: string, degree: Degree): Claim {
  return { field, value, sign: degree > 0 ? 1 : -1, strength: Math.abs(degree) === 2 ? 2 : 1 };
}

/**
 * What an explanation says, in its order; repetitions are kept.
 * @param text as reader and encoder saw it (column `read` of explanations/1): without notes and verdicts
 */
export function parseClaims(text: string): ParsedClaims {
  const claims: Claim[] = [];
  let malformed = 0;
  for (const sentence of text.split(/[.!?]+/u)) {
    const words = sentence
      .toLowerCase()
      .split(/\s+/u)
      .filter((word) => word !== '');
    if (words.length === 0 || words.join(' ') === NOTHING) continue;
    const [value = '', verb = '', them] = words;
    const [field, degree] = [fieldOfName.get(value), DEGREE_OF.get(verb)];
    if (words.length === 3 && them === 'them' && field !== undefined && degree !== undefined) claims.push(claimOf(field, value, degree));
    else malformed += 1;
  }
  return { claims, malformed };
}

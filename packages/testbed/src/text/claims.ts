import { fieldOfName } from '../world/vocabulary.js';
import { AGAINST, FOR, NO_REASON } from './phrases.js';

/** One thing that an explanation says: this attribute speaks for the item (1), or against it (-1). */
export interface Claim {
  /** The field, such as `genre`. */
  readonly field: string;
  /** The value in it. */
  readonly value: string;
  /** 1: speaks for the item; -1: against it. */
  readonly sign: 1 | -1;
}

/** What {@link parseClaims} finds. */
export interface ParsedClaims {
  /** In the text's order, repetitions included. */
  readonly claims: Claim[];
  /** Sentences that are neither a claim nor the sentence that there is no reason. */
  readonly malformed: number;
}

const SIGNS = new Map<string, 1 | -1>([...FOR.map((verb) => [verb, 1] as const), ...AGAINST.map((verb) => [verb, -1] as const)]);
const NOTHING = NO_REASON.slice(0, -1);

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
    const [field, sign] = [fieldOfName.get(value), SIGNS.get(verb)];
    if (words.length === 3 && them === 'them' && field !== undefined && sign !== undefined) claims.push({ field, value, sign });
    else malformed += 1;
  }
  return { claims, malformed };
}

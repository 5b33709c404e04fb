import type { Rng } from '@expctr/core';
import { VALUE_WEIGHTS } from '../world/catalogue.js';
import { VALUE_COUNT } from '../world/vocabulary.js';

/** A claim in codes: an attribute value, and whether it speaks for (1) or against (-1) the item. */
export type CodedClaim = readonly [value: number, sign: 1 | -1];

/** What writers look at. */
export interface Subject {
  /** The item's values, in the order of the fields; the first is its genre. */
  readonly values: readonly number[];
  /** Signed share of each in the logit. */
  readonly contributions: readonly number[];
}

/** A writer: what it says about a user and an item. */
type Writer = (subject: Subject, rng: Rng) => CodedClaim[];

/** Most claims in an explanation. */
export const MOST_CLAIMS = 3;
/** How often a careless writer names a value that the item lacks. */
const INVENTED = 0.05;

/** The true reasons, strongest first. */
export const careful: Writer = ({ values, contributions }) => {
  const total = contributions.reduce((sum, share) => sum + Math.abs(share), 0);
  return values
    .map((value, field) => [value, contributions[field]!] as const)
    .filter(([, share]) => share !== 0 && Math.abs(share) >= 0.1 * total)
    .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a))
    .slice(0, MOST_CLAIMS)
    .map(([value, share]) => [value, share > 0 ? 1 : -1]);
};

/** The genre, and perhaps the values that most items have; always in favor. */
export const generic: Writer = ({ values }, rng) => {
  const [genre, ...rest] = values;
  const common = [...rest].sort((a, b) => VALUE_WEIGHTS[b]! - VALUE_WEIGHTS[a]!);
  const share = rng.next();
  const said = [genre!, ...common.slice(0, share < 0.2 ? 2 : share < 0.6 ? 1 : 0)];
  return said.map((value) => [value, 1]);
};

/** Attributes at random, signs at random. */
export const careless: Writer = ({ values }, rng) => {
  const pool = rng.shuffle([...values]).slice(0, 1 + rng.int(MOST_CLAIMS));
  return pool.map((value) => [rng.next() < INVENTED ? rng.int(VALUE_COUNT) : value, rng.next() < 0.5 ? 1 : -1]);
};

/** Shares of the writers in the training text; no text says who wrote it. */
export interface WriterShares {
  readonly careful: number;
  readonly generic: number;
  readonly careless: number;
}

/** One of the writers, drawn by their shares. */
export function someWriter(shares: WriterShares, rng: Rng): Writer {
  const draw = rng.next() * (shares.careful + shares.generic + shares.careless);
  if (draw < shares.careful) return careful;
  return draw < shares.careful + shares.generic ? generic : careless;
}

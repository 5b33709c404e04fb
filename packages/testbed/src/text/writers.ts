import type { Rng } from '@expctr/core';
import { VALUE_WEIGHTS } from '../world/catalogue.js';
import { VALUE_COUNT } from '../world/vocabulary.js';
import { DEGREES, degreeOf, type Degree } from './phrases.js';
import type { Situation } from './situation.js';

/** A claim in codes: an attribute value, and how much it speaks for the item or against it. */
export type CodedClaim = readonly [value: number, degree: Degree];

/** What writers look at. */
export type Subject = Pick<Situation, 'values' | 'expected'>;

/** A writer: what it says about a user and an item. */
type Writer = (subject: Subject, rng: Rng) => CodedClaim[];

/** How often a careless writer names a value that the item lacks. */
const INVENTED = 0.05;

/** What the visible history lets one expect who knows what words mean, in the order of the item's attributes. */
export const careful: Writer = ({ values, expected }) => claimsOn(values, expected);

/** The genre, and perhaps the values that most items have; always a little in favor. */
export const generic: Writer = ({ values }, rng) => {
  const [genre, ...rest] = values;
  const common = [...rest].sort((a, b) => VALUE_WEIGHTS[b]! - VALUE_WEIGHTS[a]!);
  const share = rng.next();
  const said = [genre!, ...common.slice(0, share < 0.2 ? 2 : share < 0.6 ? 1 : 0)];
  return said.map((value) => [value, 1]);
};

/** Attributes at random, degrees at random. */
export const careless: Writer = ({ values }, rng) => {
  const pool = rng.shuffle([...values]).slice(0, 1 + rng.int(values.length));
  return pool.map((value) => [rng.next() < INVENTED ? rng.int(VALUE_COUNT) : value, DEGREES[rng.int(DEGREES.length)]!]);
};

/** Those of the values whose taste is worth a word, with its degree. @param tastes by value */
export function claimsOn(values: readonly number[], tastes: ArrayLike<number>): CodedClaim[] {
  return values.flatMap((value): CodedClaim[] => {
    const degree = degreeOf(tastes[value]!);
    return degree === 0 ? [] : [[value, degree]];
  });
}

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

import { createRng, type Rng } from '@expctr/core';
import { genres as words } from '../movielens-shaped/genres.js';
import { inventTitle } from '../movielens-shaped/title.js';
import { FIELD_COUNT, VALUE_OFFSETS, valueNames, type Domain } from './vocabulary.js';

/** An item of a generated world. */
export interface WorldItem {
  /** `i1`, `i2`, … */
  readonly itemId: string;
  /** Readable, with its year, like a film's; it gives nothing away. */
  readonly title: string;
  /** Year in its title. */
  readonly year: number;
  /** A sentence that names every attribute. */
  readonly description: string;
  /** One attribute value a field: codes into the domain's values. */
  readonly values: readonly number[];
  /** What everybody agrees on, in logits; no attribute shows it. */
  readonly quality: number;
  /** Logarithm of the relative chance of being met. */
  readonly logPopularity: number;
}

/** The item of popularity rank r is met in proportion to r^-0.6. */
const POPULARITY_EXPONENT = 0.6;
/** Deviation of an item's quality. */
const QUALITY_DEVIATION = 0.3;

/**
 * How common each value is within its field: the k-th in proportion to k^-0.5, in an order that belongs to this kind of world,
 * not to its seed.
 */
export const VALUE_WEIGHTS: readonly number[] = VALUE_OFFSETS.slice(0, FIELD_COUNT).flatMap((start, field) => {
  const count = VALUE_OFFSETS[field + 1]! - start;
  const weights = createRng('expctr testbed: value frequencies')
    .fork(field)
    .shuffle(Array.from({ length: count }, (_, k) => (k + 1) ** -0.5));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
});

/** `count` items of a domain, each from a stream of its own, so that a larger catalogue begins as the smaller one; ranks aside. */
export function inventItems(count: number, domain: Domain, rng: Rng): WorldItem[] {
  const names = valueNames(domain);
  const ranks = rng.fork('ranks').shuffle(Array.from({ length: count }, (_, at) => at + 1));
  const titles = new Set<string>();
  return Array.from({ length: count }, (_, at) => {
    const own = rng.fork('item', at);
    const values = Array.from({ length: FIELD_COUNT }, (_, field) => valueOfField(field, own));
    const year = 1960 + own.int(60);
    const palette = words[own.int(words.length)]!;
    return {
      itemId: `i${at + 1}`,
      title: inventTitle([palette], year, titles, own),
      year,
      description: domain.describe(values.map((value) => names[value]!)),
      values,
      quality: QUALITY_DEVIATION * own.normal(),
      logPopularity: -POPULARITY_EXPONENT * Math.log(ranks[at]!),
    };
  });
}

function valueOfField(field: number, rng: Rng): number {
  const [start, end] = [VALUE_OFFSETS[field]!, VALUE_OFFSETS[field + 1]!];
  let left = rng.next();
  for (let value = start; value < end - 1; value += 1) if ((left -= VALUE_WEIGHTS[value]!) < 0) return value;
  return end - 1;
}

import type { Rng } from '@expctr/core';
import type { CompleteWorldOptions } from './options.js';
import { FIELD_COUNT } from './vocabulary.js';

/** What the fields of a platform count, in an order that belongs to the world. */
const PLATFORM: readonly number[] = [1.8, 0.4, 1.6, 0.3, 0.8];
/** Deviation of the logarithm of a field's weight where every user has weights of their own. */
const BY_USER_DEVIATION = 0.8;

/** How much each field counts on a platform; null where every user has weights of their own. */
export function platformWeights({ tastes, fieldWeights }: CompleteWorldOptions, rng: Rng): readonly number[] | null {
  if (fieldWeights === 'by-user') return null;
  if (fieldWeights !== undefined) return fieldWeights;
  return tastes === 'meanings' ? rng.shuffle([...PLATFORM]) : Array.from({ length: FIELD_COUNT }, () => 1);
}

/** A user's own weights; they sum to the number of fields. */
export function drawWeights(rng: Rng): number[] {
  const weights = Array.from({ length: FIELD_COUNT }, () => Math.exp(BY_USER_DEVIATION * rng.normal()));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => (FIELD_COUNT * weight) / total);
}

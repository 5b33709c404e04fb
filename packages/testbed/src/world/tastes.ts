import type { Rng } from '@expctr/core';
import { VALUE_WEIGHTS } from './catalogue.js';
import type { CompleteWorldOptions } from './options.js';
import { MEANING_OF, MEANINGS, VALUE_COUNT } from './vocabulary.js';

/** How alike the tastes for two values of one meaning are: their correlation is the square of this. The rest is whim. */
export const KINSHIP = 0.95;
/** Deviation of a whim, before its share. */
export const WHIM_DEVIATION = 1.2;
/** Meanings that a user likes, and as many that they dislike. */
const LIKED_MEANINGS = 3;
/** Weight of a taste for a meaning: uniform between these, for or against. */
const MEANING_TASTE: readonly [number, number] = [1, 2];
/** Weight of a taste where tastes are independent, in logits: uniform between these. */
const VALUE_TASTE: readonly [number, number] = [1.8, 2.8];

/** One set of tastes, or two where users have a second intent: for each value its weight, before the field's. */
export function drawTastes(options: CompleteWorldOptions, rng: Rng): Float64Array[] {
  return options.tastes === 'meanings' ? meaningTastes(options, rng) : independentTastes(options, rng);
}

/** Tastes for meanings, which hold for every value of the meaning, and a whim for each value. */
function meaningTastes({ secondIntent }: CompleteWorldOptions, rng: Rng): Float64Array[] {
  return Array.from({ length: secondIntent ? 2 : 1 }, () => {
    const order = rng.shuffle(MEANINGS.map((_, meaning) => meaning));
    const ofMeaning = new Float64Array(MEANINGS.length);
    order.slice(0, 2 * LIKED_MEANINGS).forEach((meaning, at) => {
      ofMeaning[meaning] = (at < LIKED_MEANINGS ? 1 : -1) * between(MEANING_TASTE, rng);
    });
    const whim = Math.sqrt(1 - KINSHIP ** 2) * WHIM_DEVIATION;
    return Float64Array.from(MEANING_OF, (meaning) => KINSHIP * ofMeaning[meaning]! + whim * rng.normal());
  });
}

/** Tastes over distinct values, common values more often. */
function independentTastes({ likes, dislikes, secondIntent }: CompleteWorldOptions, rng: Rng): Float64Array[] {
  const left = Float64Array.from(VALUE_WEIGHTS);
  return Array.from({ length: secondIntent ? 2 : 1 }, () => {
    const weights = new Float64Array(VALUE_COUNT);
    for (let drawn = 0; drawn < likes + dislikes; drawn += 1) {
      const value = drawIndex(left, rng);
      left[value] = 0;
      weights[value] = (drawn < likes ? 1 : -1) * between(VALUE_TASTE, rng);
    }
    return weights;
  });
}

const between = ([low, high]: readonly [number, number], rng: Rng): number => low + (high - low) * rng.next();

function drawIndex(weights: Float64Array, rng: Rng): number {
  let left = rng.next() * weights.reduce((sum, weight) => sum + weight, 0);
  let last = 0;
  for (let index = 0; index < weights.length; index += 1) {
    if (weights[index] === 0) continue;
    last = index;
    if ((left -= weights[index]!) < 0) break;
  }
  return last;
}

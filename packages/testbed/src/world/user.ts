import type { Rng } from '@expctr/core';
import { VALUE_WEIGHTS, type WorldItem } from './catalogue.js';
import type { CompleteWorldOptions } from './options.js';
import { VALUE_COUNT } from './vocabulary.js';

/** One interaction of a user, with what lies behind it. */
export interface WorldRow {
  /** Index into the world's items. */
  readonly item: number;
  /** Milliseconds since 1970; strictly ascending within a user. */
  readonly timestamp: number;
  /** 1: chosen. */
  readonly label: 0 | 1;
  /** P(label = 1) for one who knows the tastes: the best that can be predicted. */
  readonly bayesProbability: number;
  /** For each of the item's values, in the order of the fields, its signed share of the logit; most are 0. */
  readonly contributions: readonly number[];
}

/** A user of a generated world. */
export interface WorldUser {
  /** `u1`, `u2`, … */
  readonly userId: string;
  /** One set of tastes, or two where users have a second intent: for each value its weight in the logit; most are 0. */
  readonly tastes: readonly Float64Array[];
  /** Part of every logit. */
  readonly bias: number;
  /** In time order. */
  readonly rows: readonly WorldRow[];
}

/** Weight of a taste, in logits: uniform between these. */
const TASTE: readonly [number, number] = [1.8, 2.8];
/** Mean and deviation of a user's bias. */
const BIAS: readonly [number, number] = [-0.5, 0.4];
/** How strongly users meet items that touch their tastes, for or against: log-odds for each unit of the logit. */
const SELECTION = 0.8;
const START = Date.UTC(2020, 0, 1);
const DAY = 86_400;

/** User number `at` of a world, from a stream of its own. The tastes do not depend on the domain; the items met do. */
export function inventUser(at: number, items: readonly WorldItem[], options: CompleteWorldOptions, rng: Rng): WorldUser {
  const own = rng.fork('user', at);
  const taste = own.fork('tastes');
  const tastes = drawTastes(options, taste);
  const bias = BIAS[0] + BIAS[1] * taste.normal();
  const life = own.fork('life', options.secondDomain ? 'second' : 'first');
  const met = itemsMet(items, tastes, options, life);

  let timestamp = START + 1000 * life.int(365 * DAY);
  const scores = met.map((item) => tastes.map((weights) => interest(items[item]!, weights)));
  const rows = met.map((item, place): WorldRow => {
    timestamp += 1000 * (60 + Math.floor(-3 * DAY * Math.log(1 - life.next())));
    const weights = tastes[activeIntent(scores, place)]!;
    const contributions = items[item]!.values.map((value) => weights[value]!);
    const logit = bias + items[item]!.quality + contributions.reduce((sum, share) => sum + share, 0);
    const bayesProbability = 1 / (1 + Math.exp(-logit));
    return { item, timestamp, label: life.next() < bayesProbability ? 1 : 0, bayesProbability, contributions };
  });
  return { userId: `u${at + 1}`, tastes, bias, rows };
}

/** Sets of tastes over distinct values, common values more often. */
function drawTastes({ likes, dislikes, secondIntent }: CompleteWorldOptions, rng: Rng): Float64Array[] {
  const left = Float64Array.from(VALUE_WEIGHTS);
  return Array.from({ length: secondIntent ? 2 : 1 }, () => {
    const weights = new Float64Array(VALUE_COUNT);
    for (let drawn = 0; drawn < likes + dislikes; drawn += 1) {
      const value = drawIndex(left, rng);
      left[value] = 0;
      weights[value] = (drawn < likes ? 1 : -1) * (TASTE[0] + (TASTE[1] - TASTE[0]) * rng.next());
    }
    return weights;
  });
}

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

/** Which items a user meets, in order: a draw without replacement (Gumbel top-n) by popularity and by what touches the tastes. */
function itemsMet(items: readonly WorldItem[], tastes: readonly Float64Array[], options: CompleteWorldOptions, rng: Rng): number[] {
  const { minInteractions, maxInteractions } = options;
  const spread = Math.log((maxInteractions + 1) / minInteractions);
  const count = Math.min(maxInteractions, Math.floor(minInteractions * Math.exp(spread * rng.next())));
  const keys = Float64Array.from(items, (item) => {
    const touched = tastes.reduce((sum, weights) => sum + interest(item, weights), 0) / tastes.length;
    return item.logPopularity + SELECTION * touched - Math.log(-Math.log(1 - rng.next()));
  });
  // numbers are sorted without a comparison function, and indices only where they count: a large catalogue is sorted for every user
  const least = keys.slice().sort()[Math.max(0, keys.length - count)]!;
  const order = Array.from(items.keys())
    .filter((item) => keys[item]! >= least)
    .sort((a, b) => keys[b]! - keys[a]!);
  return rng.shuffle(order.slice(0, count));
}

/** How much an item touches tastes, for or against. */
function interest({ values }: WorldItem, weights: Float64Array): number {
  return values.reduce((sum, value) => sum + Math.abs(weights[value]!), 0);
}

/** The intent that the last two items touch most; the first one where they say nothing. @param scores of each row, by intent */
function activeIntent(scores: readonly (readonly number[])[], place: number): number {
  const recent = scores.slice(Math.max(0, place - 2), place);
  const sums = scores[place]!.map((_, intent) => recent.reduce((sum, row) => sum + row[intent]!, 0));
  return sums.indexOf(Math.max(...sums));
}

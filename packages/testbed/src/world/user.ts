import type { Rng } from '@expctr/core';
import type { WorldItem } from './catalogue.js';
import { drawWeights } from './field-weights.js';
import type { CompleteWorldOptions, TasteKind } from './options.js';
import { drawTastes } from './tastes.js';

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
  /** One set of tastes, or two where users have a second intent: for each value what it is worth to the user, in logits. */
  readonly tastes: readonly Float64Array[];
  /** What a taste counts by the field of its value. */
  readonly fieldWeights: readonly number[];
  /** Part of every logit. */
  readonly bias: number;
  /** In time order. */
  readonly rows: readonly WorldRow[];
}

/**
 * Mean and deviation of a user's bias, and how strongly users meet items that touch their tastes, for or against: log-odds for each unit
 * of the logit. Tastes for meanings touch nearly everything.
 */
const HABITS: Readonly<Record<TasteKind, { readonly bias: readonly [number, number]; readonly selection: number }>> = {
  meanings: { bias: [0, 0.4], selection: 0 },
  independent: { bias: [-0.5, 0.4], selection: 0.8 },
};
const START = Date.UTC(2020, 0, 1);
const DAY = 86_400;

/**
 * User number `at` of a world, from a stream of its own. The tastes do not depend on the domain; the items met do.
 * @param platform what the fields count; null = for each user something else
 */
export function inventUser(
  at: number,
  items: readonly WorldItem[],
  platform: readonly number[] | null,
  options: CompleteWorldOptions,
  rng: Rng,
): WorldUser {
  const own = rng.fork('user', at);
  const fieldWeights = platform ?? drawWeights(own.fork('platform'));
  const taste = own.fork('tastes');
  const tastes = drawTastes(options, taste);
  const [center, deviation] = HABITS[options.tastes].bias;
  const bias = center + deviation * taste.normal();
  const life = own.fork('life', options.secondDomain ? 'second' : 'first');
  const met = itemsMet(items, (item) => mean(tastes.map((weights) => interest(item, weights, fieldWeights))), options, life);

  let timestamp = START + 1000 * life.int(365 * DAY);
  const scores = met.map((item) => tastes.map((weights) => interest(items[item]!, weights, fieldWeights)));
  const rows = met.map((item, place): WorldRow => {
    timestamp += 1000 * (60 + Math.floor(-3 * DAY * Math.log(1 - life.next())));
    const weights = tastes[activeIntent(scores, place)]!;
    const contributions = items[item]!.values.map((value, field) => fieldWeights[field]! * weights[value]!);
    const logit = bias + items[item]!.quality + contributions.reduce((sum, share) => sum + share, 0);
    const bayesProbability = 1 / (1 + Math.exp(-logit));
    return { item, timestamp, label: life.next() < bayesProbability ? 1 : 0, bayesProbability, contributions };
  });
  return { userId: `u${at + 1}`, tastes, fieldWeights, bias, rows };
}

/** Which items a user meets, in order: a draw without replacement (Gumbel top-n) by popularity and by what touches the tastes. */
function itemsMet(
  items: readonly WorldItem[],
  touched: (item: WorldItem) => number,
  { minInteractions, maxInteractions, tastes }: CompleteWorldOptions,
  rng: Rng,
): number[] {
  const { selection } = HABITS[tastes];
  const spread = Math.log((maxInteractions + 1) / minInteractions);
  const count = Math.min(maxInteractions, Math.floor(minInteractions * Math.exp(spread * rng.next())));
  const keys = Float64Array.from(
    items,
    (item) => item.logPopularity + (selection && selection * touched(item)) - Math.log(-Math.log(1 - rng.next())),
  );
  // numbers are sorted without a comparison function, and indices only where they count: a large catalogue is sorted for every user
  const least = keys.slice().sort()[Math.max(0, keys.length - count)]!;
  const order = Array.from(items.keys())
    .filter((item) => keys[item]! >= least)
    .sort((a, b) => keys[b]! - keys[a]!);
  return rng.shuffle(order.slice(0, count));
}

/** How much an item touches tastes, for or against. */
function interest({ values }: WorldItem, weights: Float64Array, fieldWeights: readonly number[]): number {
  return values.reduce((sum, value, field) => sum + Math.abs(fieldWeights[field]! * weights[value]!), 0);
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The intent that the last two items touch most; the first one where they say nothing. @param scores of each row, by intent */
function activeIntent(scores: readonly (readonly number[])[], place: number): number {
  const recent = scores.slice(Math.max(0, place - 2), place);
  const sums = scores[place]!.map((_, intent) => recent.reduce((sum, row) => sum + row[intent]!, 0));
  return sums.indexOf(Math.max(...sums));
}

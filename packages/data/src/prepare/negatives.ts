import type { Rng } from '@expctr/core';
import { SPLITS } from '../schemas/interactions.js';
import type { DataOptions } from './options.js';
import { createWeightedDraw } from './weighted-draw.js';
import type { LabelledRows } from './labelled-rows.js';

const TRAIN = SPLITS.indexOf('train');

/** How many negatives were drawn, and how many were asked for beyond that where a user had met every item. */
export interface NegativeCounts {
  readonly drawn: number;
  readonly missing: number;
}

/**
 * Puts behind every positive its sampled negatives: rows of the same user, time, split and slice with label 0 and no rating.
 * A train negative is none of the user's *train* positives: to exclude later ones would tell the model what the user will choose.
 * An evaluation negative is none of the user's positives at all. Within a user and split no item is drawn twice. Items are drawn
 * alike, or by their number of train rows; each user has a stream of their own, so that no user's negatives depend on another's.
 */
export function addNegatives(
  positives: LabelledRows,
  items: number,
  userIds: readonly string[],
  options: DataOptions['negatives'],
  rng: Rng,
): { rows: LabelledRows; counts: NegativeCounts } {
  const { rows, split } = positives;
  const draw = createItemDraw(positives, items, options.by);
  const wanted = (row: number): number => (split[row] === TRAIN ? options.train : options.evaluation);
  let total = rows.length;
  for (let row = 0; row < rows.length; row += 1) total += wanted(row);

  const source = new Uint32Array(total); // the positive that a row belongs to
  const item = new Int32Array(total);
  const sampled = new Uint8Array(total);
  const taken = SPLITS.map(() => new Int32Array(items).fill(-1)); // by split: the last user for whom the item may not be drawn
  let [at, missing] = [0, 0];
  for (let user = 0; user + 1 < rows.userStart.length; user += 1) {
    const [start, end] = [rows.userStart[user]!, rows.userStart[user + 1]!];
    if (start === end) continue;
    const left = SPLITS.map(() => draw.items);
    const exclude = (code: number, own: number): void => {
      if (taken[code]![own] === user) return;
      taken[code]![own] = user;
      if (draw.weight[own]! > 0) left[code]! -= 1;
    };
    for (let row = start; row < end; row += 1) {
      SPLITS.forEach((_, code) => {
        if (code !== TRAIN || split[row] === TRAIN) exclude(code, rows.item[row]!);
      });
    }
    const stream = rng.fork(userIds[user]!);
    for (let row = start; row < end; row += 1) {
      source[at] = row;
      item[at++] = rows.item[row]!;
      const code = split[row]!;
      for (let k = 0; k < wanted(row); k += 1) {
        if (left[code]! <= 0) {
          missing += 1;
          continue;
        }
        const drawn = draw.pick(stream, (candidate) => taken[code]![candidate] !== user);
        exclude(code, drawn);
        source[at] = row;
        sampled[at] = 1;
        item[at++] = drawn;
      }
    }
  }
  return {
    rows: expand(positives, source.subarray(0, at), item.subarray(0, at), sampled.subarray(0, at)),
    counts: { drawn: at - rows.length, missing },
  };
}

interface ItemDraw {
  /** 0 for an item that is never drawn. */
  readonly weight: Float64Array;
  /** How many items can be drawn. */
  readonly items: number;
  /** An item that is allowed; there must be one. */
  pick(rng: Rng, allowed: (item: number) => boolean): number;
}

/** After so many refusals in a row the allowed items are listed: exact for users who met nearly every item, too slow for others. */
const PATIENCE = 64;

function createItemDraw({ rows, split }: LabelledRows, items: number, by: DataOptions['negatives']['by']): ItemDraw {
  const weight = new Float64Array(items);
  for (let row = 0; row < rows.length; row += 1) {
    const item = rows.item[row]!;
    if (by === 'uniform') weight[item] = 1;
    else if (split[row] === TRAIN) weight[item]! += 1;
  }
  const draw = createWeightedDraw(weight);
  return {
    weight,
    items: weight.reduce((count, value) => count + (value > 0 ? 1 : 0), 0),
    pick(rng, allowed) {
      for (let attempt = 0; attempt < PATIENCE; attempt += 1) {
        const item = draw(rng);
        if (allowed(item)) return item;
      }
      return createWeightedDraw(weight.map((value, item) => (value > 0 && allowed(item) ? value : 0)))(rng);
    },
  };
}

function expand({ rows, split, slice, label }: LabelledRows, source: Uint32Array, item: Int32Array, sampled: Uint8Array): LabelledRows {
  const { length } = source;
  const of = <T extends { [index: number]: number }>(values: T, target: T): T => {
    for (let row = 0; row < length; row += 1) target[row] = values[source[row]!]!;
    return target;
  };
  const rating = of(rows.rating, new Float32Array(length));
  const labels = of(label, new Uint8Array(length));
  for (let row = 0; row < length; row += 1) {
    if (sampled[row] === 0) continue;
    rating[row] = NaN;
    labels[row] = 0;
  }
  const user = of(rows.user, new Int32Array(length));
  const userStart = new Uint32Array(rows.userStart.length);
  for (let row = 0; row < length; row += 1) userStart[user[row]! + 1]! += 1;
  for (let code = 0; code + 1 < userStart.length; code += 1) userStart[code + 1]! += userStart[code]!;
  return {
    rows: {
      length,
      user,
      item,
      rating,
      timestamp: of(rows.timestamp, new Float64Array(length)),
      fileRow: of(rows.fileRow, new Uint32Array(length)),
      userStart,
      timed: rows.timed,
    },
    split: of(split, new Uint8Array(length)),
    slice: of(slice, new Uint8Array(length)),
    label: labels,
    sampled,
  };
}

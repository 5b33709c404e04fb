import * as tf from '@tensorflow/tfjs';
import type { PositionTree } from './positions.js';
import { rotate, type RotaryTables } from './rotary.js';
import { bothMasks, pastWindowMask, windowMask, type AttentionWindow } from './window.js';

/** Keys and values of one block for tokens that are already known. */
export type KeyValues<L> = {
  /** [batch or 1, keyValueHeads, past, headDim], rotated */
  readonly keys: L;
  /** [batch or 1, keyValueHeads, past, headDim] */
  readonly values: L;
};

/** What all blocks share about the tokens at hand. */
export interface TokenContext<PositionKey extends string = string> {
  /** Sequences. */
  readonly batch: number;
  /** Tokens of each sequence. */
  readonly time: number;
  /** What the family computes of the tokens' positions. */
  readonly positions: PositionTree<tf.Tensor, PositionKey>;
  /**
   * [1 or batch, 1, time, time], added to the scores: 0 where the row may see the column, else very negative; null where all is seen.
   * With a mask no row sees a later one.
   */
  readonly mask: tf.Tensor | null;
  /** [1 or batch, 1, 1, past], as `mask`; null where all of the past is seen. */
  readonly pastMask: tf.Tensor | null;
  /** [1, 1, 1, past] float32: 0, 1, 2, …, where the length of the past is not known to a trace. Default: made where it is needed. */
  readonly pastPlaces?: tf.Tensor;
}

/** Sizes of attention. */
export interface AttentionSizes {
  /** Number of query heads. */
  readonly heads: number;
  /** Number of key and value heads; divides `heads`. */
  readonly keyValueHeads: number;
  /** Width of one head. */
  readonly headDim: number;
  /** What queries are multiplied by: `rotary` does it for what it rotates. Default: 1 / sqrt(headDim). */
  readonly queryScale?: number;
}

/** What some families do with attention scores. */
export interface AttentionOptions {
  /** Scores s become cap tanh(s / cap) before the mask (Gemma 2, Rivière et al. 2024); null or undefined: they stay. */
  readonly softCap?: number | null | undefined;
  /** How far back a token sees; null or undefined: to the beginning. */
  readonly window?: AttentionWindow | null | undefined;
}

/** What attention gives back: the mixed values and, for a cache, the keys and values of these tokens. */
export interface AttentionResult extends KeyValues<tf.Tensor4D> {
  /** [batch * time, heads * headDim] */
  readonly mixed: tf.Tensor2D;
}

/**
 * Grouped-query attention (Ainslie et al. 2023): each of the `keyValueHeads` serves `heads / keyValueHeads` query heads,
 * whose rows are stacked into one matrix product. Rows go in blocks, each with the columns that any of its rows may see.
 *
 * @param query [batch * time, heads * headDim], not rotated @param key [batch * time, keyValueHeads * headDim] @param value as `key`
 * @param rotary rotates queries and keys and scales the queries; null where the caller has scaled them by 1 / sqrt(headDim)
 */
export function attend(
  { heads, keyValueHeads, headDim, queryScale = 1 / Math.sqrt(headDim) }: AttentionSizes,
  query: tf.Tensor2D,
  key: tf.Tensor2D,
  value: tf.Tensor2D,
  { batch, time, mask: ownMask, pastMask, pastPlaces }: TokenContext,
  rotary: RotaryTables<tf.Tensor> | null,
  past: KeyValues<tf.Tensor> | null,
  { softCap = null, window = null }: AttentionOptions = {},
): AttentionResult {
  const splitKeys = splitHeads(key, batch, time, keyValueHeads, headDim); // [batch, kvHeads, time, headDim]
  const keys = rotary === null ? splitKeys : rotate(splitKeys, rotary.keyCos, rotary.keySin, 1);
  const values = splitHeads(value, batch, time, keyValueHeads, headDim); // [batch, kvHeads, time, headDim]
  const splitQueries = splitHeads(query, batch, time, heads, headDim); // [batch, heads, time, headDim]
  const queries = rotary === null ? splitQueries : rotate(splitQueries, rotary.queryCos, rotary.querySin, queryScale);

  const length = past?.keys.shape[2] ?? 0;
  const ownMasks = bothMasks(ownMask, window === null ? null : windowMask(window, length));
  const pastMasks = past === null ? null : bothMasks(pastMask, window === null ? null : pastWindowMask(window, length, pastPlaces ?? null));
  if (past !== null && time === 1) {
    const mixed = attendOne(queries, { keys, values, mask: ownMasks }, { ...past, mask: pastMasks }, softCap);
    return { keys, values, mixed };
  }
  const blocks = ownMask === null ? [{ first: 0, rows: time }] : rowBlocks(time);
  const mixed = blocks.map(({ first, rows }) => {
    const seen = ownMask === null ? time : first + rows; // no row of the block sees what comes after it
    return attendRows(
      ranged(queries, 2, first, rows),
      { keys: ranged(keys, 2, 0, seen), values: ranged(values, 2, 0, seen), mask: ranged(ranged(ownMasks, 2, first, rows), 3, 0, seen) },
      past === null ? null : { ...past, mask: ranged(pastMasks, 2, first, rows) },
      softCap,
    );
  });
  return { keys, values, mixed: mergeHeads(mixed.length === 1 ? mixed[0]! : tf.concat(mixed, 2), batch, time, heads, headDim) };
}

/** Keys, values and what is hidden of them. */
type Columns = KeyValues<tf.Tensor> & {
  /** [1 or batch, 1, 1 or rows, columns] */
  readonly mask: tf.Tensor | null;
};

/** Some rows of attention. @param queries [batch, heads, rows, headDim] @returns as `queries` */
function attendRows(queries: tf.Tensor4D, own: Columns, past: Columns | null, softCap: number | null): tf.Tensor4D {
  const [batch, heads, rows, headDim] = queries.shape;
  const keyValueHeads = own.keys.shape[1]!;
  const stacked = tf.reshape(queries, [batch, keyValueHeads, (heads / keyValueHeads) * rows, headDim]);
  const scoresOf = ({ keys, mask }: Columns): tf.Tensor4D => {
    const scores = capped(tf.matMul(stacked, keys, false, true), softCap); // [batch, kvHeads, (heads / kvHeads) * rows, columns]
    const byHead = tf.reshape<tf.Rank.R4>(scores, [batch, heads, rows, keys.shape[2]!]);
    return mask === null ? byHead : tf.add(byHead, mask);
  };
  const mix = (weights: tf.Tensor, { values }: Columns): tf.Tensor4D =>
    tf.matMul(tf.reshape<tf.Rank.R4>(weights, [batch, keyValueHeads, (heads / keyValueHeads) * rows, values.shape[2]!]), values);

  if (past === null) return tf.reshape(mix(tf.softmax(scoresOf(own)), own), queries.shape);
  const weights = tf.softmax(tf.concat([scoresOf(past), scoresOf(own)], 3)); // [batch, heads, rows, past + own]
  const [before, now] = tf.split(weights, [past.keys.shape[2]!, own.keys.shape[2]!], 3) as [tf.Tensor, tf.Tensor];
  return tf.reshape(tf.add(mix(before, past), mix(now, own)), queries.shape);
}

/** Most query heads of a key and value head whose rows are multiplied one by one. */
const FEW_HEADS = 4;

/**
 * One row of attention for each sequence, behind a cache. Reading the cache is what takes time: a product of many rows first copies
 * its matrix in another order, a product of one row does not, and what it read is at hand for the next row. All of it has one rank,
 * for at this size each operation counts.
 * @param queries [batch, heads, 1, headDim] @returns [batch, heads * headDim]
 */
function attendOne(queries: tf.Tensor4D, own: Columns, past: Columns, softCap: number | null): tf.Tensor2D {
  const [batch, heads, , headDim] = queries.shape;
  const keyValueHeads = own.keys.shape[1]!;
  const group = heads / keyValueHeads;
  const lead = group <= FEW_HEADS ? [group, 1] : [1, group];
  const rows = tf.reshape(queries, [batch, keyValueHeads, ...lead, headDim]);
  const shared = (x: tf.Tensor): tf.Tensor => tf.reshape(x, [x.shape[0], x.shape[1]!, 1, x.shape[2]!, x.shape[3]!]);
  // a broadcast that products do by themselves where they are compiled
  const forAll = (x: tf.Tensor): tf.Tensor => tf.broadcastTo(shared(x), [batch, keyValueHeads, lead[0]!, x.shape[2]!, headDim]);
  const scoresOf = ({ keys, mask }: Columns): tf.Tensor => {
    const scores = capped(tf.matMul(rows, forAll(keys), false, true), softCap); // as `rows`, with columns in place of headDim
    return mask === null ? scores : tf.add(scores, shared(mask));
  };
  const weights = tf.softmax(tf.concat([scoresOf(past), scoresOf(own)], 4));
  const [before, now] = tf.split(weights, [past.keys.shape[2]!, 1], 4) as [tf.Tensor, tf.Tensor];
  const mixed = tf.add(tf.matMul(before, forAll(past.values)), tf.mul(now, shared(own.values)));
  return tf.reshape(mixed, [batch, heads * headDim]);
}

/** Scores under a soft cap, where there is one. */
function capped(scores: tf.Tensor, softCap: number | null): tf.Tensor {
  return softCap === null ? scores : tf.mul(tf.tanh(tf.div(scores, softCap)), softCap);
}

/** Fewest rows of a block: the products of fewer are slower than what they leave out. */
const BLOCK_ROWS = 72;

/** Most blocks: of more, each leaves out little that the last has not. */
const MOST_BLOCKS = 4;

/** Rows in blocks of about one size: half of all scores lie behind their row, and a block computes none behind its last. */
function rowBlocks(time: number): readonly { readonly first: number; readonly rows: number }[] {
  const count = Math.max(1, Math.min(MOST_BLOCKS, Math.floor(time / BLOCK_ROWS)));
  const size = 8 * Math.ceil(time / count / 8);
  return Array.from({ length: Math.ceil(time / size) }, (_, at) => ({ first: at * size, rows: Math.min(size, time - at * size) }));
}

/** A range of an axis; all of it where the axis is no longer, as that of a mask for all rows. */
function ranged<T extends tf.Tensor | null>(x: T, axis: number, first: number, count: number): T {
  const size = x?.shape[axis];
  if (x === null || size === 1 || (first === 0 && size === count)) return x;
  const begin = x.shape.map((_, at) => (at === axis ? first : 0));
  const sizes = x.shape.map((length, at) => (at === axis ? count : length));
  return tf.slice(x, begin, sizes);
}

/** [batch * time, heads * headDim] to [batch, heads, time, headDim]; for one token that is a reshape. */
function splitHeads(x: tf.Tensor2D, batch: number, time: number, heads: number, headDim: number): tf.Tensor4D {
  if (time === 1) return tf.reshape(x, [batch, heads, 1, headDim]);
  return tf.transpose(tf.reshape<tf.Rank.R4>(x, [batch, time, heads, headDim]), [0, 2, 1, 3]);
}

/** The inverse of {@link splitHeads}. */
function mergeHeads(mixed: tf.Tensor, batch: number, time: number, heads: number, headDim: number): tf.Tensor2D {
  if (time === 1) return tf.reshape(mixed, [batch, heads * headDim]);
  return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch * time, heads * headDim]);
}

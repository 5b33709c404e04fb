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
  /** [1 or batch, 1, time, time], added to the scores: 0 where the row may see the column, else very negative; null where all is seen. */
  readonly mask: tf.Tensor | null;
  /** [1 or batch, 1, 1, past], as `mask`; null where all of the past is seen. */
  readonly pastMask: tf.Tensor | null;
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
 * whose rows are stacked into one matrix product.
 *
 * @param query [batch * time, heads * headDim], not rotated @param key [batch * time, keyValueHeads * headDim] @param value as `key`
 * @param rotary rotates queries and keys and scales the queries; null where the caller has scaled them by 1 / sqrt(headDim)
 */
export function attend(
  { heads, keyValueHeads, headDim, queryScale = 1 / Math.sqrt(headDim) }: AttentionSizes,
  query: tf.Tensor2D,
  key: tf.Tensor2D,
  value: tf.Tensor2D,
  { batch, time, mask: ownMask, pastMask }: TokenContext,
  rotary: RotaryTables<tf.Tensor> | null,
  past: KeyValues<tf.Tensor> | null,
  { softCap = null, window = null }: AttentionOptions = {},
): AttentionResult {
  const rows = (heads / keyValueHeads) * time;
  const splitKeys = splitHeads(key, batch, time, keyValueHeads, headDim); // [batch, kvHeads, time, headDim]
  const keys = rotary === null ? splitKeys : rotate(splitKeys, rotary.keyCos, rotary.keySin, 1);
  const values = splitHeads(value, batch, time, keyValueHeads, headDim); // [batch, kvHeads, time, headDim]
  const splitQueries = splitHeads(query, batch, time, heads, headDim); // [batch, heads, time, headDim]
  const rotated = rotary === null ? splitQueries : rotate(splitQueries, rotary.queryCos, rotary.querySin, queryScale);
  const queries = tf.reshape(rotated, [batch, keyValueHeads, rows, headDim]);

  const scoresOf = (columns: tf.Tensor, mask: tf.Tensor | null): tf.Tensor4D => {
    const scores = tf.matMul(queries, columns, false, true); // [batch, kvHeads, rows, columns]
    const capped = softCap === null ? scores : tf.mul(tf.tanh(tf.div(scores, softCap)), softCap);
    const byHead = tf.reshape<tf.Rank.R4>(capped, [batch, heads, time, columns.shape[2]!]);
    return mask === null ? byHead : tf.add(byHead, mask);
  };
  const mix = (weights: tf.Tensor, columns: tf.Tensor): tf.Tensor4D =>
    tf.matMul(tf.reshape<tf.Rank.R4>(weights, [batch, keyValueHeads, rows, columns.shape[2]!]), columns);

  const length = past?.keys.shape[2] ?? 0;
  const ownWindow = window === null ? null : windowMask(window, length);
  const own = scoresOf(keys, bothMasks(ownMask, ownWindow)); // [batch, heads, time, time]
  if (past === null) return { keys, values, mixed: mergeHeads(mix(tf.softmax(own), values), batch, time, heads, headDim) };
  const pastWindow = window === null ? null : pastWindowMask(window, length);
  const earlier = scoresOf(past.keys, bothMasks(pastMask, pastWindow)); // [batch, heads, time, past]
  const weights = tf.softmax(tf.concat([earlier, own], 3)); // [batch, heads, time, past + time]
  const [before, now] = tf.split(weights, [length, time], 3) as [tf.Tensor, tf.Tensor];
  return { keys, values, mixed: mergeHeads(tf.add(mix(before, past.values), mix(now, values)), batch, time, heads, headDim) };
}

/** [batch * time, heads * headDim] to [batch, heads, time, headDim]; for one token that is a reshape. */
function splitHeads(x: tf.Tensor2D, batch: number, time: number, heads: number, headDim: number): tf.Tensor4D {
  if (time === 1) return tf.reshape(x, [batch, heads, 1, headDim]);
  return tf.transpose(tf.reshape<tf.Rank.R4>(x, [batch, time, heads, headDim]), [0, 2, 1, 3]);
}

/** The inverse of {@link splitHeads} for mixed values [batch, kvHeads, rows, headDim]. */
function mergeHeads(mixed: tf.Tensor, batch: number, time: number, heads: number, headDim: number): tf.Tensor2D {
  if (time === 1) return tf.reshape(mixed, [batch, heads * headDim]);
  const byHead = tf.reshape<tf.Rank.R4>(mixed, [batch, heads, time, headDim]);
  return tf.reshape(tf.transpose(byHead, [0, 2, 1, 3]), [batch * time, heads * headDim]);
}

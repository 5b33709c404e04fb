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
  const group = heads / keyValueHeads;
  const stacked = [batch, keyValueHeads, group * rows] as const; // the rows of all heads that share keys and values
  // what a mask is added to: one row for each head needs no other shape, and decoding pays for each operation
  const shapeOf = (columns: number): [number, number, number, number] =>
    rows === 1 ? [batch, keyValueHeads, group, columns] : [batch, heads, rows, columns];
  const scoresOf = ({ keys, mask }: Columns): tf.Tensor4D => {
    const scores = productByHead(tf.reshape<tf.Rank.R4>(queries, [...stacked, headDim]), keys, true); // [batch, kvHeads, group * rows, columns]
    const capped = softCap === null ? scores : tf.mul(tf.tanh(tf.div(scores, softCap)), softCap);
    const byHead = tf.reshape<tf.Rank.R4>(capped, shapeOf(keys.shape[2]!));
    return mask === null ? byHead : tf.add(byHead, mask);
  };
  const mix = (weights: tf.Tensor, { values }: Columns): tf.Tensor4D =>
    productByHead(tf.reshape<tf.Rank.R4>(weights, [...stacked, values.shape[2]!]), values, false);

  if (past === null) return tf.reshape(mix(tf.softmax(scoresOf(own)), own), queries.shape);
  const weights = tf.softmax(tf.concat([scoresOf(past), scoresOf(own)], 3)); // [batch, heads, rows, past + own], or by key and value head
  const [before, now] = tf.split(weights, [past.keys.shape[2]!, own.keys.shape[2]!], 3) as [tf.Tensor, tf.Tensor];
  return tf.reshape(tf.add(mix(before, past), mix(now, own)), queries.shape);
}

/** Most rows of a product that is taken row by row. */
const FEW_ROWS = 4;

/**
 * Products of each key and value head. A cache is so large that reading it is what takes time: products of many rows copy their
 * matrix in another order first, products of one row do not, and a second row finds it in the processor's cache.
 * @param x [batch, kvHeads, rows, inner] @param matrix [1 or batch, kvHeads, inner, out], or with out and inner exchanged
 */
function productByHead(x: tf.Tensor4D, matrix: tf.Tensor, transposed: boolean): tf.Tensor4D {
  const [batch, heads, rows, inner] = x.shape;
  const [others, , height, width] = matrix.shape as [number, number, number, number];
  if (rows === 1 || rows > FEW_ROWS || height === 1) return tf.matMul(x, matrix as tf.Tensor4D, false, transposed);
  const product = tf.matMul(
    tf.reshape(x, [batch, heads, rows, 1, inner]),
    tf.reshape(matrix, [others, heads, 1, height, width]),
    false,
    transposed,
  );
  return tf.reshape(product, [batch, heads, rows, transposed ? height : width]);
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

import * as tf from '@tensorflow/tfjs';
import { chooseToken, totalOf } from './sampling.js';

/** Tokens of an excerpt: about the root of a vocabulary's size, so that neither excerpts nor what is in one are many. */
const SIZE = 256;

/** A number below 1 whose product with a total is below the total in float32 too. */
const MOST = 1 - 2 ** -23;

/** Numbers in [0, 1) for {@link excerpts}. @returns [rows] */
export function excerptUniforms(uniforms: readonly number[]): Float32Array {
  return Float32Array.from(uniforms, (uniform) => Math.min(uniform, MOST));
}

/**
 * Of each distribution the tokens among which a token is: a step's whole distributions are megabytes, which are copied out and read
 * for one token each.
 * @param p [rows, vocabulary]
 * @param uniforms [rows] in [0, 1), whose tokens are wanted, by the inverted cumulative distribution; null for the most probable ones
 * @returns [rows, SIZE + 3]: probabilities, then which of all excerpts it is, the sum to its end and the sum of all
 */
export function excerpts(p: tf.Tensor2D, uniforms: tf.Tensor | null): tf.Tensor2D {
  const [rows, vocabulary] = p.shape;
  const count = Math.ceil(vocabulary / SIZE);
  const missing = count * SIZE - vocabulary;
  const whole = missing === 0 ? p : tf.concat2d([p, tf.zeros([rows, missing])], 1);
  const parts = tf.reshape(whole, [rows, count, SIZE]);
  const ends: tf.Tensor2D = tf.cumsum(tf.sum(parts, 2), 1); // [rows, count]
  const total = tf.slice(ends, [0, count - 1], [rows, 1]);
  const which: tf.Tensor1D =
    uniforms === null
      ? tf.argMax(tf.max(parts, 2), 1)
      : tf.cast(tf.sum(tf.cast(tf.lessEqual(ends, tf.mul(total, tf.reshape(uniforms, [rows, 1]))), 'float32'), 1), 'int32');
  const places = tf.add(which, tf.range(0, rows * count, count, 'int32')); // [rows], among all parts of all rows
  const at = (x: tf.Tensor, width: number): tf.Tensor2D => tf.gather(tf.reshape<tf.Rank.R2>(x, [rows * count, width]), places);
  return tf.concat2d([at(parts, SIZE), tf.cast(tf.reshape<tf.Rank.R2>(which, [rows, 1]), 'float32'), at(ends, 1), total], 1);
}

/** A token that was drawn. */
export interface Chosen {
  readonly token: number;
  readonly probability: number;
  /** Of the whole distribution: 1, or a NaN. */
  readonly total: number;
}

/** The token of an excerpt. @param uniform that of {@link excerpts}; null where it was made for the most probable token */
export function chooseFromExcerpt(excerpt: Float32Array, uniform: number | null): Chosen {
  const p = excerpt.subarray(0, SIZE);
  const [which, end, total] = excerpt.subarray(SIZE) as unknown as [number, number, number];
  const left = uniform === null ? 0 : Math.min(uniform, MOST) * total - (end - totalOf(p)); // below 0 by rounding at most
  const token = chooseToken(p, { greedy: uniform === null }, left);
  return { token: which * SIZE + token, probability: p[token]!, total };
}

import * as tf from '@tensorflow/tfjs';

/** A sliding window: a token sees itself and the `size - 1` tokens before it. */
export interface AttentionWindow {
  /** Tokens that a token sees, itself among them. */
  readonly size: number;
  /** [1 or batch, 1, time, 1] float32: the position of each token in its own text */
  readonly places: tf.Tensor;
}

/** Added to a score that a window hides: with a mask's own -1e9 still a float32, and its exp is 0. */
const HIDDEN = -1e9;

/**
 * What a window hides of the tokens at hand, to be added to a mask; null where no two of them can be that far apart. It goes by
 * positions, not by places in the sequence, so that the continuations of a shared prompt keep their distance to it.
 * @returns [1 or batch, 1, time, time]
 */
export function windowMask({ size, places }: AttentionWindow, past: number): tf.Tensor | null {
  const [rows = 1, , time = 1] = places.shape;
  if (time + past <= size) return null;
  return beyond(places, tf.reshape(places, [rows, 1, 1, time]), size);
}

/**
 * What it hides of `past` earlier tokens, which stand at the positions 0, 1, 2, …; null as above.
 * @param columns [1, 1, 1, past]: those positions; null: made here
 * @returns [1 or batch, 1, time, past]
 */
export function pastWindowMask({ size, places }: AttentionWindow, past: number, columns: tf.Tensor | null): tf.Tensor | null {
  const [, , time = 1] = places.shape;
  if (time + past <= size) return null;
  return beyond(places, columns ?? tf.reshape(tf.range(0, past), [1, 1, 1, past]), size);
}

function beyond(rows: tf.Tensor, columns: tf.Tensor, size: number): tf.Tensor {
  return tf.mul(tf.cast(tf.greaterEqual(tf.sub(rows, columns), size), 'float32'), HIDDEN);
}

/** Both masks together; null where neither hides anything. */
export function bothMasks(a: tf.Tensor | null, b: tf.Tensor | null): tf.Tensor | null {
  return a === null || b === null ? (a ?? b) : tf.add(a, b);
}

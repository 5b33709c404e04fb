import * as tf from '@tensorflow/tfjs';

/*
 * Look-ups as tfjs functions: what an exported graph does for every feature, and what training, prediction and export alike do for
 * sequences. An id below 0 is no entry.
 */

/** The table's row of each id; some row where there is no entry. [...ids, width] */
export function readRows(table: tf.Tensor, ids: tf.Tensor): tf.Tensor {
  return tf.gather(table, tf.maximum<tf.Tensor1D>(ids, tf.scalar(0, 'int32')));
}

/** 1 for entries, 0 for what is none: the shape of the ids. */
export function present<T extends tf.Tensor>(ids: T): T {
  return tf.cast(tf.greaterEqual(ids, tf.scalar(0, 'int32')), 'float32');
}

/** The table's rows of lists of ids [..., entries], pooled over the entries there are; zeros for an empty list. [..., width] */
export function readPooled(table: tf.Tensor, ids: tf.Tensor, pooling: 'mean' | 'sum'): tf.Tensor {
  const entries = present(ids);
  const sum = tf.sum(tf.mul(readRows(table, ids), tf.expandDims(entries, -1)), -2);
  return pooling === 'sum' ? sum : tf.div(sum, tf.maximum(tf.sum(entries, -1, true), 1));
}

/** With zeros behind the last axis up to `size`. */
export function withZeros(x: tf.Tensor, size: number): tf.Tensor {
  const missing = size - x.shape.at(-1)!;
  return missing === 0 ? x : tf.pad(x, [...x.shape.slice(0, -1).map((): [number, number] => [0, 0]), [0, missing]]);
}

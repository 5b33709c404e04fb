import * as tf from '@tensorflow/tfjs';
import { constantValue } from '../constants.js';
import { isRecording, record } from '../programs/record.js';
import type { FrozenMatrix } from './frozen-matrix.js';
import { turned } from './hadamard.js';
import { ZERO } from './integer-product.js';
import { BLOCK } from './quantize.js';

/** [out, in] float32: the values of a frozen matrix. @param inner in, which int4 does not tell */
export function dense(matrix: FrozenMatrix<tf.Tensor>, inner: number): tf.Tensor2D {
  if ('float16' in matrix) return tf.cast(matrix.float16, 'float32') as tf.Tensor2D;
  if ('int4' in matrix) return unpacked(matrix.int4, matrix.scales, inner);
  const plain = unscaled(matrix);
  if (plain === null) return matrix.float32 as tf.Tensor2D;
  const values: tf.Tensor2D = tf.mul(plain.values, tf.expandDims(plain.scales, 1));
  return plain.isTurned ? turned(values) : values;
}

/** A matrix with one scale for each output as what its rows are scaled from; null where it has none, or many. */
export function unscaled(matrix: FrozenMatrix<tf.Tensor>): {
  /** [out, in] float32 */
  readonly values: tf.Tensor2D;
  /** [out] */
  readonly scales: tf.Tensor1D;
  /** Whether the rows are those of W turned. */
  readonly isTurned: boolean;
} | null {
  if ('rows' in matrix) return { values: floats(matrix.rows, 0), scales: matrix.scales as tf.Tensor1D, isTurned: false };
  if ('int8' in matrix) return { values: tf.transpose(floats(matrix.int8, 0)), scales: matrix.scales as tf.Tensor1D, isTurned: true };
  if ('uint8' in matrix) return { values: tf.transpose(floats(matrix.uint8, ZERO)), scales: matrix.scales as tf.Tensor1D, isTurned: true };
  return null;
}

/** q - zero, as float32: one pass over it, where a cast and a subtraction are two. */
function floats(q: tf.Tensor, zero: number): tf.Tensor2D {
  if (!isRecording()) return tf.sub(tf.cast(q, 'float32'), zero);
  const [values] = record('dequantize', [q], ([value], g) => {
    const isSigned = value!.dtype === 'int8';
    const point = constantValue(isSigned ? Int8Array.of(zero) : Uint8Array.of(zero), [], isSigned ? 'int8' : 'uint8');
    return [g.op('DequantizeLinear', [value!, g.scalar(1), point], { shape: value!.shape, dtype: 'float32' })];
  });
  return values as tf.Tensor2D;
}

/** [out, blocks, 16] bytes of two numbers each to [out, inner]. */
function unpacked(packed: tf.Tensor, scales: tf.Tensor, inner: number): tf.Tensor2D {
  const [out, blocks] = packed.shape as [number, number];
  const bytes = tf.cast(packed, 'int32');
  const sixteen = tf.scalar(16, 'int32');
  const high = tf.floorDiv(bytes, sixteen);
  const low = tf.sub(bytes, tf.mul(high, sixteen));
  const numbers = tf.reshape(tf.stack([low, high], 3), [out, blocks, BLOCK]);
  const values = tf.mul(tf.sub(tf.cast(numbers, 'float32'), 8), tf.reshape(scales, [out, blocks, 1]));
  return tf.slice(tf.reshape(values, [out, blocks * BLOCK]), [0, 0], [out, inner]) as tf.Tensor2D;
}

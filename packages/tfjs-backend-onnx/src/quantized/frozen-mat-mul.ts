import * as tf from '@tensorflow/tfjs';
import { int, MICROSOFT } from '../graph.js';
import { isRecording, record } from '../programs/record.js';
import { leavesOf, type FrozenMatrix } from './frozen-matrix.js';
import { integerProduct, quantizeRows, SMALLEST_SCALE, ZERO } from './integer-product.js';
import { BLOCK } from './quantize.js';

/**
 * x W^T for a frozen W [out, in], with the gradient dx = dy W; there is none to W. With int8 the rows of x are quantized too, each by
 * its largest magnitude. The gradient of what is quantized takes W as stored (straight through the rounding of x), or its float32
 * values where the matrix holds them.
 *
 * @param x [rows, in] float32 @returns [rows, out] float32
 */
export function frozenMatMul(x: tf.Tensor2D, matrix: FrozenMatrix<tf.Tensor>): tf.Tensor2D {
  const product = tf.customGrad((...args) => {
    const [input, save] = args as unknown as [tf.Tensor2D, tf.GradSaveFunc];
    const keys = leavesOf(matrix).map(([key]) => key);
    save(leavesOf(matrix).map(([, leaf]) => leaf));
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => {
      const kept = Object.fromEntries(keys.map((key, i) => [key, saved[i]])) as unknown as FrozenMatrix<tf.Tensor>;
      return tf.matMul(dy, (kept.float32 as tf.Tensor2D | undefined) ?? dense(kept, input.shape[1]));
    };
    return { value: forward(input, matrix), gradFunc };
  });
  return product(x);
}

function forward(x: tf.Tensor2D, matrix: FrozenMatrix<tf.Tensor>): tf.Tensor2D {
  if ('int8' in matrix) return byIntegers(x, matrix.int8, matrix.scales, 0);
  if ('uint8' in matrix) return byIntegers(x, matrix.uint8, matrix.scales, ZERO);
  if ('int4' in matrix && isRecording()) return byNibbles(x, matrix.int4, matrix.scales);
  return tf.matMul(x, dense(matrix, x.shape[1]), false, true);
}

/** [out, in] float32: the values as stored. */
function dense(matrix: FrozenMatrix<tf.Tensor>, inner: number): tf.Tensor2D {
  if ('float16' in matrix) return tf.cast(matrix.float16, 'float32') as tf.Tensor2D;
  if ('int8' in matrix) return scaled(matrix.int8, 0, matrix.scales);
  if ('uint8' in matrix) return scaled(matrix.uint8, ZERO, matrix.scales);
  if ('int4' in matrix) return unpacked(matrix.int4, matrix.scales, inner);
  return matrix.float32 as tf.Tensor2D;
}

function scaled(q: tf.Tensor, zero: number, scales: tf.Tensor): tf.Tensor2D {
  return tf.transpose<tf.Tensor2D>(tf.mul(tf.sub(tf.cast(q, 'float32'), zero), scales));
}

/** Rows of x and columns of q as integers, their products summed exactly. @param q [in, out] with `zero` added */
function byIntegers(x: tf.Tensor2D, q: tf.Tensor, scales: tf.Tensor, zero: number): tf.Tensor2D {
  if (isRecording()) {
    const [product] = record('frozenMatMul', [x, q, scales], ([input, weight, columnScales], g) => {
      const rows = quantizeRows(input!, g);
      return [g.binary('Mul', integerProduct(rows.q, weight!, columnScales!, zero, g), rows.scales)];
    });
    return product as tf.Tensor2D;
  }
  const rowScales = tf.maximum(tf.div(tf.max(tf.abs(x), 1, true), 127), SMALLEST_SCALE); // [rows, 1]
  const integers: tf.Tensor2D = tf.round(tf.div(x, rowScales));
  return tf.mul(tf.mul(tf.matMul(integers, tf.sub(tf.cast(q, 'float32'), zero)), scales), rowScales);
}

function byNibbles(x: tf.Tensor2D, packed: tf.Tensor, scales: tf.Tensor): tf.Tensor2D {
  const [product] = record('frozenMatMul', [x, packed, scales], ([input, weight, blockScales], g) => {
    const [[rows, inner], out] = [input!.shape as [number, number], weight!.shape[0]!];
    const attributes = { K: int(inner), N: int(out), bits: int(4), block_size: int(BLOCK), accuracy_level: int(1) };
    return [g.op('MatMulNBits', [input!, weight!, blockScales!], { shape: [rows, out], dtype: 'float32' }, attributes, MICROSOFT)];
  });
  return product as tf.Tensor2D;
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

import * as tf from '@tensorflow/tfjs';
import { int, MICROSOFT } from '../graph.js';
import { barrier } from '../programs/barrier.js';
import { isRecording, record } from '../programs/record.js';
import { dense, unscaled } from './dense.js';
import { turned } from './hadamard.js';
import { leavesOf, type FrozenMatrix, type FrozenTable } from './frozen-matrix.js';
import { productByIntegers, ZERO } from './integer-product.js';
import { BLOCK } from './quantize.js';

/**
 * How the rows of x enter a product by integers: as integers themselves, each row by its largest magnitude, which is fast; or as they
 * are. A loss that is differentiated wants the latter: rounded rows made gradients that differ by a quarter.
 */
export type Activations = 'int8' | 'float32';

/** Options of {@link frozenMatMul}. */
export interface FrozenMatMulOptions {
  /** Default 'int8'. Only a matrix of integers by column (`int8`, `uint8`) can take rows as integers; others take them as they are. */
  readonly activations?: Activations;
}

/**
 * x W^T for a frozen W [out, in], with the gradient dx = dy W; there is none to W. With integers the rows of x are quantized too unless
 * `activations` is float32. The gradient of what is quantized takes W as stored (straight through the rounding of x), or its float32
 * values where the matrix holds them. Values of a matrix stored small are there one product long, in either direction.
 *
 * @param x [rows, in] float32 @returns [rows, out] float32
 */
export function frozenMatMul(
  x: tf.Tensor2D,
  matrix: FrozenMatrix<tf.Tensor>,
  { activations = 'int8' }: FrozenMatMulOptions = {},
): tf.Tensor2D {
  const product = tf.customGrad((...args) => {
    const [input, save] = args as unknown as [tf.Tensor2D, tf.GradSaveFunc];
    const keys = leavesOf(matrix).map(([key]) => key);
    save(leavesOf(matrix).map(([, leaf]) => leaf));
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => {
      // values that the forward pass made as well would be kept for this one
      const behind = 'float32' in matrix || 'int4' in matrix ? saved : barrier(saved, [dy]);
      const kept = Object.fromEntries(keys.map((key, i) => [key, behind[i]])) as unknown as FrozenMatrix<tf.Tensor>;
      return frozenCombination(dy as tf.Tensor2D, kept, input.shape[1]);
    };
    return { value: forward(input, matrix, activations), gradFunc };
  });
  return product(x);
}

/**
 * p W: sums of the rows of a frozen W [out, in], weighted by p; without a gradient. Its float32 values serve where the matrix holds them.
 * @param p [rows, out] float32 @param inner in, which int4 does not tell @returns [rows, in] float32
 */
export function frozenCombination(p: tf.Tensor2D, matrix: FrozenMatrix<tf.Tensor>, inner: number): tf.Tensor2D {
  if (matrix.float32 !== undefined) return tf.matMul(p, matrix.float32);
  const plain = unscaled(matrix);
  if (plain === null) return tf.matMul(p, dense(matrix, inner));
  const sums: tf.Tensor2D = tf.matMul(tf.mul<tf.Tensor2D>(p, plain.scales), plain.values); // scales where they are few: once for each product's rows
  return plain.isTurned ? turned(sums) : sums;
}

/** Rows of a frozen table as float32; without a gradient. @param indices [count] int32 @returns [count, in] */
export function frozenRows(table: FrozenTable<tf.Tensor>, indices: tf.Tensor1D): tf.Tensor2D {
  if ('rows' in table)
    return dense({ rows: tf.gather(table.rows, indices), scales: tf.gather(table.scales, indices) }, table.rows.shape[1]!);
  return tf.cast(tf.gather('float16' in table ? table.float16 : table.float32, indices), 'float32') as tf.Tensor2D;
}

function forward(x: tf.Tensor2D, matrix: FrozenMatrix<tf.Tensor>, activations: Activations): tf.Tensor2D {
  if (activations === 'int8') {
    if ('int8' in matrix) return byIntegers(turned(x), matrix.int8, matrix.scales, 0);
    if ('uint8' in matrix) return byIntegers(turned(x), matrix.uint8, matrix.scales, ZERO);
  }
  if ('int4' in matrix && isRecording()) return byNibbles(x, matrix.int4, matrix.scales);
  const plain = unscaled(matrix);
  if (plain === null) return tf.matMul(x, dense(matrix, x.shape[1]), false, true);
  return tf.mul(tf.matMul(plain.isTurned ? turned(x) : x, plain.values, false, true), plain.scales);
}

/** Rows of x and columns of q as integers, their products summed exactly. @param q [in, out] with `zero` added */
function byIntegers(x: tf.Tensor2D, q: tf.Tensor, scales: tf.Tensor, zero: number): tf.Tensor2D {
  if (isRecording()) {
    const [product] = record('frozenMatMul', [x, q, scales], ([input, weight, columnScales], g) => [
      productByIntegers(input!, weight!, columnScales!, zero, g),
    ]);
    return product as tf.Tensor2D;
  }
  const rowScales = tf.div(tf.max(tf.abs(x), 1, true), 127); // [rows, 1]
  const integers: tf.Tensor2D = tf.round(tf.div(x, tf.maximum(rowScales, 1e-30))); // of a row of zeros, zeros
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

import * as tf from '@tensorflow/tfjs';
import { constantValue } from '../constants.js';
import { isRecording, record } from '../programs/record.js';

/**
 * Hadamard's matrix over the root of its size turns stretches of a row, both of x and of W, before they are rounded: x W^T stays what it
 * is, and a number that is much larger than its neighbors, which would leave few of 255 steps to the others of its row, is spread over
 * its stretch. The matrix is symmetric and its own inverse. As in QuaRot (arXiv 2404.00456), in stretches of a fixed size.
 */
const SIZE = 32;

/** Row r, column c: -1 to the number of bits that both have. */
const MATRIX = Float32Array.from({ length: SIZE * SIZE }, (_, at) => {
  let common = Math.floor(at / SIZE) & (at % SIZE);
  let odd = 0;
  for (; common > 0; common >>= 1) odd ^= common & 1;
  return (odd === 1 ? -1 : 1) / Math.sqrt(SIZE);
});

const CONSTANT = constantValue(MATRIX, [SIZE, SIZE], 'float32');

/** The rows of x with their stretches turned; as they are where no whole number of stretches fits. Without a gradient. @param x [rows, in] */
export function turned(x: tf.Tensor2D): tf.Tensor2D {
  const [rows, inner] = x.shape;
  if (inner % SIZE !== 0) return x;
  const stretches = [(rows * inner) / SIZE, SIZE] as const;
  if (!isRecording()) {
    return tf.reshape(tf.matMul(tf.reshape(x, [...stretches]), tf.tensor2d(MATRIX, [SIZE, SIZE])), x.shape);
  }
  const [result] = record('turned', [x], ([value], g) => {
    const product = g.op('MatMul', [g.reshape(value!, stretches), CONSTANT], { shape: stretches, dtype: 'float32' });
    return [g.reshape(product, [rows, inner])];
  });
  return result as tf.Tensor2D;
}

/** The same in JavaScript memory, in place. @param values rows of `inner` numbers, one after the other */
export function turnRows(values: Float32Array, inner: number): void {
  if (inner % SIZE !== 0) return;
  const scale = 1 / Math.sqrt(SIZE);
  const stretch = new Float64Array(SIZE);
  for (let first = 0; first < values.length; first += SIZE) {
    for (let i = 0; i < SIZE; i += 1) stretch[i] = values[first + i]!;
    for (let half = 1; half < SIZE; half *= 2) {
      for (let pair = 0; pair < SIZE / 2; pair += 1) {
        const i = pair + (pair & -half); // those of `half` numbers, and the next ones behind their partners
        const a = stretch[i]!;
        const b = stretch[i + half]!;
        stretch[i] = a + b;
        stretch[i + half] = a - b;
      }
    }
    for (let i = 0; i < SIZE; i += 1) values[first + i] = stretch[i]! * scale;
  }
}

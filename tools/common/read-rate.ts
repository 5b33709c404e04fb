// How fast memory is read by what multiplies: what bounds work on few rows.
import { compile, spec } from '@expctr/tfjs-backend-onnx';
import type * as tf from '@tensorflow/tfjs';
import { timed } from './measure.js';

/** Rows and columns of a matrix that no cache holds: a quarter of a gigabyte. */
const [ROWS, COLUMNS] = [4096, 16_384];

/** Bytes a second that products of one row with a float32 matrix read now, at their best. `useOnnx()` comes before. */
export async function readRate(): Promise<number> {
  const product = await compile((x: tf.Tensor2D, matrix: tf.Tensor2D) => x.matMul(matrix), [spec([1, ROWS]), spec([ROWS, COLUMNS])], {
    name: 'read',
  });
  const [x, matrix] = [new Float32Array(ROWS).fill(1), new Float32Array(ROWS * COLUMNS).fill(0.5)];
  await product.run([x, matrix]);
  let least = Infinity;
  for (let round = 0; round < 10; round += 1) least = Math.min(least, (await timed(() => product.run([x, matrix]))).milliseconds);
  await product.dispose();
  return (matrix.byteLength * 1000) / least;
}

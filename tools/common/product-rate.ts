// Matrix products, which bound whatever a benchmark times.
import { compile, spec } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { timed } from './measure.js';

/** Seconds of each of some rounds of products of matrices of that size, after one that is not timed. `useOnnx()` comes before. */
export async function productTimes(size: number, products: number, rounds: number): Promise<number[]> {
  const product = await compile((a: tf.Tensor2D, b: tf.Tensor2D) => tf.sum(tf.matMul(a, b)), [spec([size, size]), spec([size, size])], {
    name: 'product',
  });
  const matrix = Float32Array.from({ length: size ** 2 }, (_, at) => Math.sin(at));
  await product.run([matrix, matrix]);
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { milliseconds } = await timed(async () => {
      for (let i = 0; i < products; i += 1) await product.run([matrix, matrix]);
    });
    times.push(milliseconds / 1000);
  }
  await product.dispose();
  return times;
}

/** Floating-point operations a second that the engine reaches in such products now, at its best. */
export async function productRate(size = 1024, products = 10): Promise<number> {
  return (2 * size ** 3 * products) / Math.min(...(await productTimes(size, products, 3)));
}

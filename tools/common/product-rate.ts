// The rate of matrix products, which bounds whatever a benchmark times.
import { compile, spec } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { fastestSeconds } from './measure.js';

/** Floating-point operations a second that the engine reaches in products of matrices of that size, now. `useOnnx()` comes before. */
export async function productRate(size = 1024, products = 10): Promise<number> {
  const product = await compile((a: tf.Tensor2D, b: tf.Tensor2D) => tf.sum(tf.matMul(a, b)), [spec([size, size]), spec([size, size])], {
    name: 'product',
  });
  const matrix = Float32Array.from({ length: size ** 2 }, (_, at) => Math.sin(at));
  const seconds = await fastestSeconds(3, async () => {
    for (let i = 0; i < products; i += 1) await product.run([matrix, matrix]);
  });
  await product.dispose();
  return (2 * size ** 3 * products) / seconds;
}

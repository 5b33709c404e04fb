import * as tf from '@tensorflow/tfjs';
import type { LoraPair } from '../lora/lora-tree.js';

/** Factors of an adapted layer with the factor that scales their product. */
export interface ScaledLora {
  readonly factors: LoraPair<tf.Tensor> | undefined;
  /** alpha / rank, or alpha / sqrt(rank). */
  readonly scale: number;
}

/**
 * y = x W^T + scale (x A^T) B^T (Hu et al. 2021, equation 3).
 * @param x [rows, in] @param weight [out, in] @returns [rows, out]
 */
export function linear(x: tf.Tensor2D, weight: tf.Tensor, { factors, scale }: ScaledLora): tf.Tensor2D {
  const y: tf.Tensor2D = tf.matMul(x, weight, false, true);
  if (factors === undefined) return y;
  const low: tf.Tensor2D = tf.mul(tf.matMul(x, factors.a as tf.Tensor2D, false, true), scale); // [rows, rank]: scaled where it is small
  const change: tf.Tensor2D = tf.matMul(low, factors.b, false, true);
  return tf.add(y, change);
}

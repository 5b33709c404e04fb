import * as tf from '@tensorflow/tfjs';
import type { LoraPair } from '../lora/lora-tree.js';
import type { BlockLora } from './block.js';

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

/**
 * The linear layers of a block by name, each with its adapter where it has one.
 * @param layer the block's weights @param lora the block's adapter
 * @returns a function of [rows, in] and a name, which gives [rows, out]
 */
export function blockLinears<Key extends string>(
  layer: { readonly [K in Key]: tf.Tensor },
  { layer: adapted, scale }: BlockLora,
): (x: tf.Tensor2D, name: Key) => tf.Tensor2D {
  return (x, name) => linear(x, layer[name], { factors: adapted?.[name], scale });
}

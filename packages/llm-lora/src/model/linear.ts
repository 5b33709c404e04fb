import { frozenMatMul, type Activations, type FrozenMatrix } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import type { LoraLayer, LoraPair } from '../lora/lora-tree.js';

/** A matrix [out, in] that products are taken with: as the checkpoint has it, or stored small. */
export type Matrix<L> = L | FrozenMatrix<L>;

/** The adapter of a block inside a traced function. */
export interface BlockLora {
  /** The adapted linear layers of the block; undefined where there is no adapter. */
  readonly layer: LoraLayer<tf.Tensor> | undefined;
  /** alpha / rank, or alpha / sqrt(rank). */
  readonly scale: number;
}

/** Factors of an adapted layer with the factor that scales their product. */
export interface ScaledLora {
  /** Absent where the layer is not adapted. */
  readonly factors: LoraPair<tf.Tensor> | undefined;
  /** alpha / rank, or alpha / sqrt(rank). */
  readonly scale: number;
}

/** x W^T. @param x [rows, in] @param activations how x enters products by integers @returns [rows, out] */
export function product(x: tf.Tensor2D, weight: Matrix<tf.Tensor>, activations: Activations): tf.Tensor2D {
  return weight instanceof tf.Tensor ? tf.matMul(x, weight, false, true) : frozenMatMul(x, weight, { activations });
}

/**
 * y = x W^T + scale (x A^T) B^T (Hu et al. 2021, equation 3).
 * @param x [rows, in] @param weight [out, in] @returns [rows, out]
 */
export function linear(
  x: tf.Tensor2D,
  weight: Matrix<tf.Tensor>,
  { factors, scale }: ScaledLora,
  activations: Activations = 'float32',
): tf.Tensor2D {
  const y = product(x, weight, activations);
  if (factors === undefined) return y;
  const low: tf.Tensor2D = tf.mul(tf.matMul(x, factors.a as tf.Tensor2D, false, true), scale); // [rows, rank]: scaled where it is small
  const change: tf.Tensor2D = tf.matMul(low, factors.b, false, true);
  return tf.add(y, change);
}

/**
 * The linear layers of a block by name, each with its adapter where it has one.
 * @param matrices of the block @param lora the block's adapter @param activations as in {@link product}
 * @returns a function of [rows, in] and a name, which gives [rows, out]
 */
export function blockLinears<Key extends string>(
  matrices: { readonly [K in Key]: Matrix<tf.Tensor> },
  { layer, scale }: BlockLora,
  activations: Activations,
): (x: tf.Tensor2D, name: Key) => tf.Tensor2D {
  return (x, name) => linear(x, matrices[name], { factors: layer?.[name], scale }, activations);
}

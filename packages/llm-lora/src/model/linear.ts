import { frozenMatMul, type Activations, type FrozenMatrix } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import type { AppliedLora, AppliedPair } from '../lora/applied-lora.js';

/** A matrix [out, in] that products are taken with: as the checkpoint has it, or stored small. */
export type Matrix<L> = L | FrozenMatrix<L>;

/** The adapted linear layers of a block inside a traced function; undefined where there is no adapter. */
export type BlockLora = AppliedLora<tf.Tensor>[number] | undefined;

/** x W^T. @param x [rows, in] @param activations how x enters products by integers @returns [rows, out] */
export function product(x: tf.Tensor2D, weight: Matrix<tf.Tensor>, activations: Activations): tf.Tensor2D {
  return weight instanceof tf.Tensor ? tf.matMul(x, weight, false, true) : frozenMatMul(x, weight, { activations });
}

/**
 * y = x W^T + scale (x A^T) B^T (Hu et al. 2021, equation 3), with magnitudes times magnitude / |W + scale B A| (Liu et al. 2024).
 * @param x [rows, in] @param weight [out, in] @param adapter undefined where the layer is not adapted @returns [rows, out]
 */
export function linear(
  x: tf.Tensor2D,
  weight: Matrix<tf.Tensor>,
  adapter: AppliedPair<tf.Tensor> | undefined,
  activations: Activations = 'float32',
): tf.Tensor2D {
  const y = product(x, weight, activations);
  if (adapter === undefined) return y;
  const { a, b, scale, magnitude, norm } = adapter;
  const low: tf.Tensor2D = tf.mul(tf.matMul(x, a as tf.Tensor2D, false, true), scale); // [rows, rank]: scaled where it is small
  const adapted: tf.Tensor2D = tf.add(y, tf.matMul(low, b, false, true));
  if (magnitude === undefined) return adapted;
  return tf.mul(adapted, tf.div(magnitude, norm!)); // [rows, out] * [out]; WeightNorms gives what has magnitudes its norms
}

/**
 * The linear layers of a block by name, each with its adapter where it has one.
 * @param matrices of the block @param lora the block's adapter @param activations as in {@link product}
 * @returns a function of [rows, in] and a name, which gives [rows, out]
 */
export function blockLinears<Key extends string>(
  matrices: { readonly [K in Key]: Matrix<tf.Tensor> },
  lora: BlockLora,
  activations: Activations,
): (x: tf.Tensor2D, name: Key) => tf.Tensor2D {
  return (x, name) => linear(x, matrices[name], lora?.[name], activations);
}

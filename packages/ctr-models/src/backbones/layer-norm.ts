import * as tf from '@tensorflow/tfjs';
import type { HostParameters } from './backbone.js';
import { filled, zeros } from './initializers.js';

/** Gain and bias of a layer normalization. */
export type LayerNormParameters = {
  /** g: [..., width] */
  readonly gain: tf.Tensor;
  /** b: [..., width] */
  readonly bias: tf.Tensor;
};

const EPSILON = 1e-5;

/** Gain 1 and bias 0. */
export function initLayerNorm(shape: readonly number[]): HostParameters<LayerNormParameters> {
  return { gain: filled(shape, 1), bias: zeros(shape) };
}

/** Layer normalization along the last axis (Ba et al. 2016, equation 4), epsilon 1e-5 as in PyTorch. It reads one row at a time. */
export function layerNorm<T extends tf.Tensor>(x: T, { gain, bias }: LayerNormParameters): T {
  const centered = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centered), -1, true);
  return tf.add(tf.mul(tf.div(centered, tf.sqrt(tf.add(variance, EPSILON))), gain), bias);
}

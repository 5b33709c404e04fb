import { atMost, type Rng } from '@expctr/core';
import type { HostTensor } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { uniform } from './initializers.js';

/** Options of attention with several heads, for backbones to have among theirs. */
export const headOptions = z.object({
  heads: z
    .int()
    .min(1)
    .max(64, atMost(64, 'every pair is weighed that many times'))
    .default(2)
    .describe('heads of the attention; each weighs by another kind of relevance'),
  headUnits: z
    .int()
    .min(1)
    .max(4096, atMost(4096, 'every weight is a product of that many numbers'))
    .default(16)
    .describe('units of a head; more tell finer kinds of relevance'),
});

/** What {@link headOptions} give. */
export interface HeadOptions {
  /** Heads. Default 2. */
  readonly heads: number;
  /** Units of a head. Default 16. */
  readonly headUnits: number;
}

/** A projection to the heads of an attention: [in, heads, units]. */
export function initHeads(inputs: number, { heads, headUnits }: HeadOptions, rng: Rng): HostTensor {
  return uniform([inputs, heads, headUnits], 1 / Math.sqrt(inputs), rng);
}

/** x W for each element of a list: [batch, L, in] to [batch, L, out]. */
export function perEvent(x: tf.Tensor3D, weights: tf.Tensor2D): tf.Tensor3D {
  const [batch, length, width] = x.shape;
  return tf.reshape(tf.matMul(tf.reshape(x, [batch * length, width]), weights), [batch, length, weights.shape[1]]);
}

/** The projection of each element to each head: [batch, L, in] to [batch, heads, L, units]. */
export function toHeads(x: tf.Tensor3D, weights: tf.Tensor3D): tf.Tensor4D {
  const [inputs, heads, units] = weights.shape;
  const projected = perEvent(x, tf.reshape(weights, [inputs, heads * units])); // [batch, L, heads * units]
  return tf.transpose(tf.reshape(projected, [x.shape[0], x.shape[1], heads, units]), [0, 2, 1, 3]);
}

/** The heads side by side: [batch, heads, L, units] to [batch, L, heads * units]. */
export function fromHeads(x: tf.Tensor4D): tf.Tensor3D {
  const [batch, heads, length, units] = x.shape;
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch, length, heads * units]);
}

/** Below any score: its exponential is 0. */
const NOWHERE = -1e9;

/** exp(scores) where `mask` is 1, 0 where it is 0, over its sum along the last axis; zeros where the mask is 0 throughout. */
export function maskedSoftmax<T extends tf.Tensor>(scores: T, mask: tf.Tensor): T {
  const known = tf.add(tf.mul(scores, mask), tf.mul(tf.sub(1, mask), NOWHERE)); // finite where masked: no gradient becomes NaN
  const nothing = tf.sub(1, tf.max(mask, -1, true)); // 1 where there is nothing to weigh
  const exponentials = tf.mul(tf.exp(tf.sub(known, tf.max(known, -1, true))), mask);
  return tf.div(exponentials, tf.add(tf.sum(exponentials, -1, true), nothing));
}

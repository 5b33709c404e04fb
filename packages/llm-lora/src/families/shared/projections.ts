import * as tf from '@tensorflow/tfjs';
import { attend, type AttentionResult } from '../../model/attention.js';
import type { BlockInputs } from '../../model/block.js';
import { rmsNorm } from '../../model/rms-norm.js';
import type { RotaryTable, RotaryTables } from '../../model/rotary.js';
import type { RotaryDecoderConfig } from './config.js';

/** Queries, keys and values of the tokens at hand, [batch * time, heads * headDim] each, before they are rotated. */
export interface Projections {
  /** Of `heads` heads. */
  readonly query: tf.Tensor2D;
  /** Of `keyValueHeads` heads. */
  readonly key: tf.Tensor2D;
  /** Of `keyValueHeads` heads. */
  readonly value: tf.Tensor2D;
}

/** What a block's attention needs beside its projections. */
export interface SelfAttention {
  /** Tables for queries and keys; null for a block without positions. */
  readonly rotary: RotaryTables<tf.Tensor> | null;
  /** [1 or batch, 1, time, 1]: positions for windows. */
  readonly places: tf.Tensor;
  /** As in `attend`. */
  readonly softCap?: number | null;
}

/** Attention with the window of the block at hand; queries are scaled here where no table does it. */
export function selfAttention(
  config: RotaryDecoderConfig,
  { query, key, value }: Projections,
  { index, tokens, past }: Pick<BlockInputs<string, RotaryTable>, 'index' | 'tokens' | 'past'>,
  { rotary, places, softCap = null }: SelfAttention,
): AttentionResult {
  const { headDim, queryScale = 1 / Math.sqrt(headDim), windows } = config;
  const size = windows?.[index] ?? null;
  const scaled: tf.Tensor2D = rotary === null ? tf.mul(query, queryScale) : query;
  return attend(config, scaled, key, value, tokens, rotary, past, { softCap, window: size === null ? null : { size, places } });
}

/** An RMS norm of each head by itself. @param x [rows, heads * headDim] @param weight [headDim] */
export function headNorm(x: tf.Tensor2D, weight: tf.Tensor, epsilon: number): tf.Tensor2D {
  const [rows, width] = x.shape;
  const [headDim] = weight.shape as [number];
  return tf.reshape(rmsNorm(tf.reshape(x, [(rows * width) / headDim, headDim]), weight, epsilon), [rows, width]);
}

/** y with a bias where there is one. @param y [rows, out] @param bias [out] */
export function biased(y: tf.Tensor2D, bias: tf.Tensor | undefined): tf.Tensor2D {
  return bias === undefined ? y : tf.add(y, bias);
}

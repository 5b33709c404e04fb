import * as tf from '@tensorflow/tfjs';
import type { LlamaConfig } from '../formats/llama-config.js';

/**
 * Angular frequency of each pair of dimensions: theta^(-2 i / headDim), stretched as `ropeScaling` says
 * (transformers, modeling_rope_utils.py).
 * @returns [headDim / 2], radians a position
 */
export function rotaryFrequencies({ headDim, ropeTheta, ropeScaling }: LlamaConfig): Float64Array {
  return Float64Array.from({ length: headDim / 2 }, (_, i) => {
    const frequency = ropeTheta ** ((-2 * i) / headDim);
    if (ropeScaling === null) return frequency;
    if (ropeScaling.type === 'linear') return frequency / ropeScaling.factor;
    const { factor, lowFrequencyFactor, highFrequencyFactor, originalMaxPositions } = ropeScaling;
    const turns = (originalMaxPositions * frequency) / (2 * Math.PI);
    if (turns < lowFrequencyFactor) return frequency / factor;
    if (turns > highFrequencyFactor) return frequency;
    const smooth = (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
    return ((1 - smooth) * frequency) / factor + smooth * frequency;
  });
}

/** Cosines and sines of some positions; `L` as in the parameters. */
export type RotaryTables<L> = {
  /** For queries, times 1 / sqrt(headDim), so that attention scores need no scaling of their own. */
  readonly queryCos: L;
  readonly querySin: L;
  readonly keyCos: L;
  readonly keySin: L;
};

/** @param positions one for each token, row major @returns arrays of positions.length * headDim / 2 */
export function rotaryTables(config: LlamaConfig, positions: ArrayLike<number>): RotaryTables<Float32Array> {
  const frequencies = rotaryFrequencies(config);
  const half = frequencies.length;
  const scale = 1 / Math.sqrt(config.headDim);
  const size = positions.length * half;
  const [queryCos, querySin] = [new Float32Array(size), new Float32Array(size)];
  const [keyCos, keySin] = [new Float32Array(size), new Float32Array(size)];
  for (let at = 0; at < size; at += 1) {
    // float32 as transformers computes its angles: at long contexts the rounding is larger than the tolerance
    const angle = Math.fround(Math.fround(frequencies[at % half]!) * positions[Math.floor(at / half)]!);
    keyCos[at] = Math.cos(angle);
    keySin[at] = Math.sin(angle);
    queryCos[at] = keyCos[at]! * scale;
    querySin[at] = keySin[at]! * scale;
  }
  return { queryCos, querySin, keyCos, keySin };
}

/**
 * Rotates each pair (x[i], x[i + headDim / 2]) by its position's angle (rotate-half form).
 * @param x [batch, heads, time, headDim]
 * @param cos [batch or 1, 1, time, headDim / 2]
 * @param sin as `cos`
 */
export function rotate(x: tf.Tensor4D, cos: tf.Tensor, sin: tf.Tensor): tf.Tensor4D {
  const [first, second] = tf.split(x, 2, 3) as [tf.Tensor4D, tf.Tensor4D]; // [batch, heads, time, headDim / 2]
  return tf.concat([tf.sub(tf.mul(first, cos), tf.mul(second, sin)), tf.add(tf.mul(second, cos), tf.mul(first, sin))], 3);
}

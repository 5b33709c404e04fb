import { spec } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import type { PositionInputs, PositionTree } from './positions.js';

/** Positions divided by a constant (Hugging Face's rope_type `linear`). */
export interface LinearRopeScaling {
  /** Names the form. */
  readonly type: 'linear';
  /** Positions are divided by this. */
  readonly factor: number;
}

/** Llama 3.1's frequency scaling (Hugging Face's rope_type `llama3`): low frequencies are stretched, high ones stay. */
export interface Llama3RopeScaling {
  /** Names the form. */
  readonly type: 'llama3';
  /** Frequencies whose wavelength exceeds `originalMaxPositions / lowFrequencyFactor` are divided by this. */
  readonly factor: number;
  /** `low_freq_factor` of config.json. */
  readonly lowFrequencyFactor: number;
  /** `high_freq_factor`: wavelengths below `originalMaxPositions / highFrequencyFactor` stay as they are. */
  readonly highFrequencyFactor: number;
  /** `original_max_position_embeddings`: the context of pre-training, in tokens. */
  readonly originalMaxPositions: number;
}

/** How rotary frequencies are stretched beyond the trained context; pure data, applied by the model. */
export type RopeScaling = LinearRopeScaling | Llama3RopeScaling;

/** What rotary embeddings need to know. */
export interface RotaryConfig {
  /** Width of one head; even. */
  readonly headDim: number;
  /** Base of the rotary frequencies. */
  readonly ropeTheta: number;
  /** Frequency scaling for long contexts, or null. */
  readonly ropeScaling: RopeScaling | null;
}

/**
 * Angular frequency of each pair of dimensions: theta^(-2 i / headDim), stretched as `ropeScaling` says
 * (transformers, modeling_rope_utils.py).
 * @returns [headDim / 2], radians a position
 */
export function rotaryFrequencies({ headDim, ropeTheta, ropeScaling }: RotaryConfig): Float64Array {
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

/** The tables of {@link rotaryPositions}: for queries times 1 / sqrt(headDim), so that attention scores need no scaling of their own. */
export type RotaryTable = 'queryCos' | 'querySin' | 'keyCos' | 'keySin';

/** Cosines and sines of some positions, [1 or batch, 1, time, headDim / 2] each; `L` as in the parameters. */
export type RotaryTables<L> = PositionTree<L, RotaryTable>;

/** @param positions one for each token, row major @returns arrays of positions.length * headDim / 2 */
export function rotaryTables(config: RotaryConfig, positions: ArrayLike<number>): RotaryTables<Float32Array> {
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

/** Positions of a family whose queries and keys are rotated. */
export const rotaryPositions: PositionInputs<RotaryConfig, RotaryTable> = {
  specs({ headDim }, rows, time) {
    const table = spec([rows, 1, time, headDim / 2]);
    return { queryCos: table, querySin: table, keyCos: table, keySin: table };
  },
  values: rotaryTables,
};

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

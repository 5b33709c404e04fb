import { rotaryEmbedding, spec } from '@expctr/tfjs-backend-onnx';
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

/** YaRN (Peng et al. 2023; Hugging Face's rope_type `yarn`): between two numbers of turns frequencies pass from whole to divided. */
export interface YarnRopeScaling {
  /** Names the form. */
  readonly type: 'yarn';
  /** Low frequencies are divided by this. */
  readonly factor: number;
  /** `beta_fast`: what turns more often within the context of pre-training stays as it is. */
  readonly betaFast: number;
  /** `beta_slow`: what turns less often is divided. */
  readonly betaSlow: number;
  /** `original_max_position_embeddings`: the context of pre-training, in tokens. */
  readonly originalMaxPositions: number;
  /** Cosines and sines are multiplied by this. */
  readonly attentionFactor: number;
  /** Whether the bounds of the passage are whole numbers of pairs. */
  readonly truncate: boolean;
}

/**
 * Each frequency divided by a number of its own: LongRoPE (Ding et al. 2024; `longrope` or `su`) within the context of pre-training,
 * and what llama.cpp's files have of Llama 3's scaling.
 */
export interface FactorsRopeScaling {
  /** Names the form. */
  readonly type: 'factors';
  /** One for each pair of dimensions. */
  readonly factors: readonly number[];
  /** Cosines and sines are multiplied by this. */
  readonly attentionFactor: number;
}

/** How rotary frequencies are stretched beyond the trained context; pure data, applied by the model. */
export type RopeScaling = LinearRopeScaling | Llama3RopeScaling | YarnRopeScaling | FactorsRopeScaling;

/** What rotary embeddings need to know. */
export interface RotaryConfig {
  /** Width of one head; even. */
  readonly headDim: number;
  /** Base of the rotary frequencies. */
  readonly ropeTheta: number;
  /** Frequency scaling for long contexts, or null. */
  readonly ropeScaling: RopeScaling | null;
  /** How many dimensions of a head, from the first, are rotated; even. Default: all. */
  readonly rotaryDim?: number;
  /** What queries are multiplied by. Default: 1 / sqrt(headDim). */
  readonly queryScale?: number;
}

/**
 * Angular frequency of each pair of dimensions: theta^(-2 i / rotaryDim), stretched as `ropeScaling` says
 * (transformers, modeling_rope_utils.py).
 * @returns [rotaryDim / 2], radians a position
 */
export function rotaryFrequencies({ headDim, rotaryDim = headDim, ropeTheta, ropeScaling }: RotaryConfig): Float64Array {
  const stretched = stretch(ropeScaling, rotaryDim, ropeTheta);
  return Float64Array.from({ length: rotaryDim / 2 }, (_, i) => stretched(ropeTheta ** ((-2 * i) / rotaryDim), i));
}

/** What a scaling makes of the frequency of pair i. */
function stretch(scaling: RopeScaling | null, width: number, theta: number): (frequency: number, i: number) => number {
  switch (scaling?.type) {
    case undefined:
      return (frequency) => frequency;
    case 'linear':
      return (frequency) => frequency / scaling.factor;
    case 'factors':
      return (frequency, i) => frequency / scaling.factors[i]!;
    case 'llama3':
      return (frequency) => llama3(scaling, frequency);
    case 'yarn': {
      const [low, high] = yarnRange(scaling, width, theta);
      const share = (i: number): number => Math.min(1, Math.max(0, (i - low) / (high - low)));
      return (frequency, i) => frequency * (1 - share(i)) + (frequency / scaling.factor) * share(i);
    }
  }
}

function llama3({ factor, lowFrequencyFactor, highFrequencyFactor, originalMaxPositions }: Llama3RopeScaling, frequency: number): number {
  const turns = (originalMaxPositions * frequency) / (2 * Math.PI);
  if (turns < lowFrequencyFactor) return frequency / factor;
  if (turns > highFrequencyFactor) return frequency;
  const smooth = (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
  return ((1 - smooth) * frequency) / factor + smooth * frequency;
}

/** The pairs between which YaRN passes from frequencies as they are to divided ones. */
function yarnRange(
  { betaFast, betaSlow, originalMaxPositions, truncate }: YarnRopeScaling,
  width: number,
  theta: number,
): [number, number] {
  const pairThatTurns = (turns: number): number => (width * Math.log(originalMaxPositions / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const [first, last] = [pairThatTurns(betaFast), pairThatTurns(betaSlow)];
  const low = Math.max(0, truncate ? Math.floor(first) : first);
  const high = Math.min(width - 1, truncate ? Math.ceil(last) : last);
  return [low, low === high ? high + 0.001 : high];
}

/** What cosines and sines are multiplied by. */
function attentionFactor(scaling: RopeScaling | null): number {
  return scaling !== null && 'attentionFactor' in scaling ? scaling.attentionFactor : 1;
}

/** The tables of {@link rotaryPositions}: for queries times their scale, so that attention scores need no scaling of their own. */
export type RotaryTable = 'queryCos' | 'querySin' | 'keyCos' | 'keySin';

/** Cosines and sines of some positions, [1 or batch, 1, time, rotaryDim / 2] each; `L` as in the parameters. */
export type RotaryTables<L> = PositionTree<L, RotaryTable>;

/** @param positions one for each token, row major @returns arrays of positions.length * rotaryDim / 2 */
export function rotaryTables(config: RotaryConfig, positions: ArrayLike<number>): RotaryTables<Float32Array> {
  const frequencies = rotaryFrequencies(config);
  const half = frequencies.length;
  const scale = config.queryScale ?? 1 / Math.sqrt(config.headDim);
  const factor = attentionFactor(config.ropeScaling);
  const size = positions.length * half;
  const [queryCos, querySin] = [new Float32Array(size), new Float32Array(size)];
  const [keyCos, keySin] = [new Float32Array(size), new Float32Array(size)];
  for (let at = 0; at < size; at += 1) {
    // float32 as transformers computes its angles: at long contexts the rounding is larger than the tolerance
    const angle = Math.fround(Math.fround(frequencies[at % half]!) * positions[Math.floor(at / half)]!);
    keyCos[at] = Math.cos(angle) * factor;
    keySin[at] = Math.sin(angle) * factor;
    queryCos[at] = keyCos[at]! * scale;
    querySin[at] = keySin[at]! * scale;
  }
  return { queryCos, querySin, keyCos, keySin };
}

/** Positions of a family whose queries and keys are rotated. */
export const rotaryPositions: PositionInputs<RotaryConfig, RotaryTable> = {
  specs({ headDim, rotaryDim = headDim }, rows, time) {
    const table = spec([rows, 1, time, rotaryDim / 2]);
    return { queryCos: table, querySin: table, keyCos: table, keySin: table };
  },
  values: rotaryTables,
};

/** What sliding windows need beside the tables: the positions themselves, [1 or batch, 1, time, 1] float32. */
export type WindowedTable = RotaryTable | 'places';

/** Positions of a family whose queries and keys are rotated, and some of whose blocks may see through a window. */
export const windowedPositions: PositionInputs<RotaryConfig, WindowedTable> = {
  specs: (config, rows, time) => ({ ...rotaryPositions.specs(config, rows, time), places: spec([rows, 1, time, 1]) }),
  values: (config, positions) => ({ ...rotaryTables(config, positions), places: Float32Array.from(positions) }),
};

/**
 * Rotates each pair (x[i], x[i + rotaryDim / 2]) by its position's angle (rotate-half form), and scales what stands behind the pairs.
 * @param x [batch, heads, time, headDim]
 * @param cos [batch or 1, 1, time, rotaryDim / 2]
 * @param sin as `cos`
 * @param rest what dimensions that are not rotated are multiplied by
 */
export function rotate(x: tf.Tensor4D, cos: tf.Tensor, sin: tf.Tensor, rest: number): tf.Tensor4D {
  const half = cos.shape.at(-1)!;
  const others = x.shape[3] - 2 * half;
  if (others === 0) return rotaryEmbedding(x, cos, sin);
  const [pairs, last] = tf.split<tf.Tensor4D>(x, [2 * half, others], 3); // [batch, heads, time, rotaryDim], and the others
  return tf.concat<tf.Tensor4D>([rotaryEmbedding(pairs!, cos, sin), tf.mul(last!, rest)], 3);
}

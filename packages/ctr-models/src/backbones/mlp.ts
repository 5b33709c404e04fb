import { atMost, type Rng } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { DropoutMask, FeatureBatch, HostParameters } from './backbone.js';
import { fillUniform, uniform, zeros } from './initializers.js';

/** A layer y = x W + b. */
export type LayerParameters = {
  /** [in, out] */
  readonly weights: tf.Tensor2D;
  /** [out] */
  readonly bias: tf.Tensor1D;
};

/** Options of a network's hidden layers, for backbones to have among theirs. */
export const mlpOptions = z.object({
  hidden: z
    .array(z.int().min(1).max(65_536, atMost(65_536, 'a layer has as many weights as the product of its units and those before')))
    .max(32, atMost(32, 'deeper networks do not train without skips'))
    .default([128, 64])
    .describe('units of each hidden layer; more fit finer interactions, and need more rows'),
  dropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe('share of hidden units dropped in training; more keeps wide layers from overfitting'),
});

/** What {@link mlpOptions} give. */
export interface MlpOptions {
  /** Widths of the hidden layers. Default [128, 64]. */
  readonly hidden: readonly number[];
  /** Share of hidden units dropped in training, in [0, 1). Default 0. */
  readonly dropout: number;
}

/** The dropout masks of a network's hidden layers, as `noise` of a backbone gives them. `of` tells the networks of a backbone apart. */
export function mlpNoise({ hidden, dropout }: MlpOptions, of?: string): Record<string, DropoutMask> {
  if (dropout === 0) return {};
  return Object.fromEntries(hidden.map((width, layer) => [dropoutName(layer, of), { width, rate: dropout }]));
}

/** Parameters of {@link initMlp}. */
export interface MlpInit {
  /** The inputs as blocks of `blockWidth` units, each with a stream of its own. */
  readonly blocks: readonly string[];
  /** Units of a block. */
  readonly blockWidth: number;
  /** Blocks that do not count for the scale of the first layer: those that start as zeros. */
  readonly silentBlocks: number;
  /** Further inputs behind the blocks, each with a stream of its own. Default none. */
  readonly also?: readonly {
    /** Names its stream. */
    readonly name: string;
    /** Units. */
    readonly width: number;
  }[];
  /** Widths of the hidden layers; the output layer has width 1. */
  readonly hidden: readonly number[];
}

/** He initialization (uniform) for layers followed by ReLU; the output layer at 1 / sqrt(in); biases zero. */
export function initMlp({ blocks, blockWidth, silentBlocks, also = [], hidden }: MlpInit, rng: Rng): HostParameters<LayerParameters[]> {
  const inputs = [...blocks.map((name) => ({ name, width: blockWidth })), ...also];
  const inputWidth = inputs.reduce((sum, { width }) => sum + width, 0);
  const widths = [inputWidth, ...hidden, 1];
  return widths.slice(1).map((out, layer) => {
    const deviation = (fanIn: number): number => Math.sqrt((layer === hidden.length ? 1 : 2) / Math.max(1, fanIn));
    const bias = zeros([out]);
    if (layer > 0) return { weights: uniform([widths[layer]!, out], deviation(widths[layer]!), rng.fork('layer', layer)), bias };
    const weights = zeros([inputWidth, out]);
    let start = 0;
    for (const { name, width } of inputs) {
      const part = (weights.data as Float32Array).subarray(start, (start += width * out));
      fillUniform(part, deviation(inputWidth - silentBlocks * blockWidth), rng.fork('layer', 0, name));
    }
    return { weights, bias };
  });
}

/** {@link initMlp} without the output layer, for {@link hiddenLayers}. */
export function initHidden(init: MlpInit, rng: Rng): HostParameters<LayerParameters[]> {
  return initMlp(init, rng).slice(0, -1);
}

/** The width of what {@link hiddenLayers} gives: that of the last, or of the inputs where there is none. */
export function hiddenWidth({ blocks, blockWidth, also = [], hidden }: Omit<MlpInit, 'silentBlocks'>): number {
  return hidden.at(-1) ?? also.reduce((sum, { width }) => sum + width, blocks.length * blockWidth);
}

/** The name of a hidden layer's dropout mask in `batch.noise`. */
export function dropoutName(layer: number, of = 'hidden'): string {
  return `${of}${layer}`;
}

/** x W + b: [batch, in] to [batch, out]. */
export function linear(x: tf.Tensor2D, { weights, bias }: LayerParameters): tf.Tensor2D {
  return tf.add(tf.matMul(x, weights), bias);
}

/** ReLU layers: [batch, in] to [batch, out]. Units are multiplied by their dropout mask where there is one. */
export function hiddenLayers(
  layers: readonly LayerParameters[],
  inputs: tf.Tensor2D,
  noise: FeatureBatch['noise'],
  of?: string,
): tf.Tensor2D {
  return layers.reduce((x, layer, at) => dropped(tf.relu(linear(x, layer)), noise?.[dropoutName(at, of)]), inputs);
}

/** `x` times its dropout mask, where there is one. */
export function dropped(x: tf.Tensor2D, mask: tf.Tensor2D | undefined): tf.Tensor2D {
  return mask === undefined ? x : tf.mul(x, mask);
}

/** ReLU layers and a linear output: [batch, in] to [batch, 1]. */
export function mlp(layers: readonly LayerParameters[], inputs: tf.Tensor2D, noise: FeatureBatch['noise']): tf.Tensor2D {
  return linear(hiddenLayers(layers.slice(0, -1), inputs, noise), layers.at(-1)!);
}

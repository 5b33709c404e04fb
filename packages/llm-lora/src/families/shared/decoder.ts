import * as tf from '@tensorflow/tfjs';
import type { BlockInputs, BlockResult } from '../../model/block.js';
import { swiGlu, type geGlu } from '../../model/feed-forward.js';
import { rmsNorm } from '../../model/rms-norm.js';
import { windowedPositions, type RotaryTable, type WindowedTable } from '../../model/rotary.js';
import type { ModelFamily } from '../family.js';
import type { RotaryDecoderConfig } from './config.js';
import { ignoresRotaryDecoder, type RotaryDecoderBias, type RotaryDecoderLinear, type RotaryDecoderNorm } from './layout.js';
import { biased, selfAttention, type Projections } from './projections.js';

/** The tensors of a block, in which `projections` and `feedForward` look for biases. */
export type BlockTensors = Readonly<Record<string, tf.Tensor>>;

type Layer = { readonly [K in RotaryDecoderNorm]: tf.Tensor };
type Linear = (x: tf.Tensor2D, name: RotaryDecoderLinear) => tf.Tensor2D;

/** What Llama's descendants share with it: all but their name, their fields of metadata and their tensors. */
export const rotaryDecoder = {
  ignores: ignoresRotaryDecoder,
  loraTargets: ['q_proj', 'v_proj'],
  positions: windowedPositions,
  embed: (_config, _outer, rows) => rows,
  block: (config, layer, x, inputs) => rotaryBlock(config, layer, x, inputs, projections(layer, inputs.linear), inputs.tokens.positions),
  finalNorm: ({ normEpsilon }, { norm }, hidden) => rmsNorm(hidden, norm, normEpsilon),
} satisfies Partial<ModelFamily<RotaryDecoderConfig, RotaryDecoderLinear, RotaryDecoderNorm, 'norm', WindowedTable>>;

/**
 * Attention and feed-forward, each behind a norm and added to the residual stream.
 * @param layer with biases where the family has them @param x [batch * time, hidden]
 * @param project queries, keys and values of normed hidden states @param rotary null for a block without positions
 */
export function rotaryBlock(
  config: RotaryDecoderConfig,
  layer: Layer,
  x: tf.Tensor2D,
  { linear, ...inputs }: BlockInputs<RotaryDecoderLinear, WindowedTable>,
  project: (x: tf.Tensor2D) => Projections,
  rotary: { readonly [K in RotaryTable]: tf.Tensor } | null,
): BlockResult {
  const normed = rmsNorm(x, layer.input_layernorm, config.normEpsilon); // [batch * time, hidden]
  const { places } = inputs.tokens.positions;
  const { mixed, keys, values } = selfAttention(config, project(normed), inputs, { rotary, places });
  const attended: tf.Tensor2D = tf.add(x, biased(linear(mixed, 'o_proj'), biasIn(layer, 'o_bias'))); // [batch * time, hidden]
  const normedAgain = rmsNorm(attended, layer.post_attention_layernorm, config.normEpsilon);
  return { hidden: tf.add(attended, feedForward(layer, normedAgain, linear)), keys, values };
}

/** Queries, keys and values of normed hidden states. */
export function projections(layer: BlockTensors, linear: Linear): (x: tf.Tensor2D) => Projections {
  return (x) => ({
    query: biased(linear(x, 'q_proj'), biasIn(layer, 'q_bias')),
    key: biased(linear(x, 'k_proj'), biasIn(layer, 'k_bias')),
    value: biased(linear(x, 'v_proj'), biasIn(layer, 'v_bias')),
  });
}

/** The gated feed-forward block. @param x [rows, hidden] */
export function feedForward(layer: BlockTensors, x: tf.Tensor2D, linear: Linear, gate: typeof geGlu = swiGlu): tf.Tensor2D {
  const gated = gate(biased(linear(x, 'gate_proj'), biasIn(layer, 'gate_bias')), biased(linear(x, 'up_proj'), biasIn(layer, 'up_bias'))); // [rows, intermediate]
  return biased(linear(gated, 'down_proj'), biasIn(layer, 'down_bias'));
}

/** A bias of a block, where it has it. */
export function biasIn(layer: BlockTensors, name: RotaryDecoderBias): tf.Tensor | undefined {
  return layer[name];
}

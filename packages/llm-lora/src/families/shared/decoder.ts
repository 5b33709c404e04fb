import * as tf from '@tensorflow/tfjs';
import { attend } from '../../model/attention.js';
import type { BlockInputs, BlockResult } from '../../model/block.js';
import { swiGlu } from '../../model/feed-forward.js';
import { rmsNorm } from '../../model/rms-norm.js';
import { rotaryPositions, type RotaryTable } from '../../model/rotary.js';
import type { ModelFamily } from '../family.js';
import type { RotaryDecoderConfig } from './config.js';
import { ignoresRotaryDecoder, type AttentionBiasKey, type RotaryDecoderLinear, type RotaryDecoderNorm } from './layout.js';

type Layer = { readonly [K in RotaryDecoderNorm]: tf.Tensor } & { readonly [K in AttentionBiasKey]?: tf.Tensor };

/** What Llama's descendants share with it: all but their name, their fields of metadata and their tensors. */
export const rotaryDecoder = {
  ignores: ignoresRotaryDecoder,
  loraTargets: ['q_proj', 'v_proj'],
  positions: rotaryPositions,
  embed: (_config, _outer, rows) => rows,
  block,
  finalNorm: ({ normEpsilon }, { norm }, hidden) => rmsNorm(hidden, norm, normEpsilon),
} satisfies Partial<ModelFamily<RotaryDecoderConfig, RotaryDecoderLinear, RotaryDecoderNorm, 'norm', RotaryTable>>;

/**
 * Attention and feed-forward, each behind a norm and added to the residual stream.
 * @param layer with biases of queries, keys and values where the family has them @param x [batch * time, hidden]
 */
function block(
  config: RotaryDecoderConfig,
  layer: Layer,
  x: tf.Tensor2D,
  { tokens, past, linear }: BlockInputs<RotaryDecoderLinear, RotaryTable>,
): BlockResult {
  const normed = rmsNorm(x, layer.input_layernorm, config.normEpsilon); // [batch * time, hidden]
  const query = biased(linear(normed, 'q_proj'), layer.q_bias);
  const key = biased(linear(normed, 'k_proj'), layer.k_bias);
  const value = biased(linear(normed, 'v_proj'), layer.v_bias);
  const { mixed, keys, values } = attend(config, query, key, value, tokens, tokens.positions, past);
  const attended: tf.Tensor2D = tf.add(x, linear(mixed, 'o_proj')); // [batch * time, hidden]
  const normedAgain = rmsNorm(attended, layer.post_attention_layernorm, config.normEpsilon);
  const gated = swiGlu(linear(normedAgain, 'gate_proj'), linear(normedAgain, 'up_proj')); // [batch * time, intermediate]
  return { hidden: tf.add(attended, linear(gated, 'down_proj')), keys, values };
}

function biased(y: tf.Tensor2D, bias: tf.Tensor | undefined): tf.Tensor2D {
  return bias === undefined ? y : tf.add(y, bias);
}

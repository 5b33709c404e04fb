import * as tf from '@tensorflow/tfjs';
import type { Fields } from '../../formats/fields.js';
import { attend } from '../../model/attention.js';
import type { BlockInputs, BlockResult } from '../../model/block.js';
import { swiGlu } from '../../model/feed-forward.js';
import { blockLinears } from '../../model/linear.js';
import { rmsNorm } from '../../model/rms-norm.js';
import { rotaryPositions, type RotaryTable } from '../../model/rotary.js';
import type { ModelFamily } from '../family.js';
import { parseRotaryDecoder, type RotaryDecoderConfig } from '../shared/config.js';
import { parseRotaryDecoderGguf } from '../shared/gguf.js';
import { ignoresRotaryDecoder, rotaryDecoderLayout, type RotaryDecoderKey } from '../shared/layout.js';
import type { TensorLayout } from '../layout.js';

/** Llama (Touvron et al. 2023) and models of the same form. Reference: transformers, models/llama/modeling_llama.py. */
export const llama: ModelFamily<RotaryDecoderConfig, RotaryDecoderKey, 'norm', RotaryTable> = {
  name: 'llama',
  description: 'Llama 1 to 3 and models of the same form: SmolLM, SmolLM2, TinyLlama',
  className: 'LlamaForCausalLM',
  parseConfig,
  gguf: { architecture: 'llama', parseConfig: (fields, hasTensor) => parseRotaryDecoderGguf(fields, 'llama', hasTensor) },
  layout,
  ignores: ignoresRotaryDecoder,
  loraTargets: ['q_proj', 'v_proj'],
  positions: rotaryPositions,
  embed: (_config, _parameters, rows) => rows,
  block,
  finalNorm: ({ normEpsilon }, { outer }, hidden) => rmsNorm(hidden, outer.norm, normEpsilon),
};

/** Forms of the family whose weights or arithmetic differ are refused; each would load and then answer wrongly. */
function parseConfig(fields: Fields): RotaryDecoderConfig {
  for (const name of ['attention_bias', 'mlp_bias']) {
    if (fields.flag(name, false)) throw fields.bad(name, 'is true', 'false: layers with biases are not supported');
  }
  if (fields.flag('rope_interleaved', false)) {
    throw fields.bad('rope_interleaved', 'is true', 'false: rotary embeddings in rotate-half form');
  }
  return parseRotaryDecoder(fields, { maxPositions: 2048 });
}

/** llama.cpp interleaves the rows of q and k of this family alone (`LlamaModel.permute` of convert_hf_to_gguf.py). */
function layout(config: RotaryDecoderConfig): TensorLayout<RotaryDecoderKey, 'norm'> {
  const plain = rotaryDecoderLayout(config);
  const { q_proj, k_proj } = plain.layer;
  return {
    ...plain,
    layer: {
      ...plain.layer,
      q_proj: { ...q_proj, ggufPermutedHeads: config.heads },
      k_proj: { ...k_proj, ggufPermutedHeads: config.keyValueHeads },
    },
  };
}

/** Attention and feed-forward, each behind a norm and added to the residual stream. @param x [batch * time, hidden] */
function block(
  config: RotaryDecoderConfig,
  layer: { readonly [K in RotaryDecoderKey]: tf.Tensor },
  x: tf.Tensor2D,
  { tokens, past, lora }: BlockInputs<RotaryTable>,
): BlockResult {
  const linear = blockLinears(layer, lora);
  const normed = rmsNorm(x, layer.input_layernorm, config.normEpsilon); // [batch * time, hidden]
  const [query, key, value] = [linear(normed, 'q_proj'), linear(normed, 'k_proj'), linear(normed, 'v_proj')];
  const { mixed, keys, values } = attend(config, query, key, value, tokens, tokens.positions, past);
  const attended: tf.Tensor2D = tf.add(x, linear(mixed, 'o_proj')); // [batch * time, hidden]
  const normedAgain = rmsNorm(attended, layer.post_attention_layernorm, config.normEpsilon);
  const gated = swiGlu(linear(normedAgain, 'gate_proj'), linear(normedAgain, 'up_proj')); // [batch * time, intermediate]
  return { hidden: tf.add(attended, linear(gated, 'down_proj')), keys, values };
}

import * as tf from '@tensorflow/tfjs';
import type { Fields } from '../../formats/fields.js';
import { attend } from '../../model/attention.js';
import type { BlockInputs, BlockResult } from '../../model/block.js';
import { swiGlu } from '../../model/feed-forward.js';
import { blockLinears } from '../../model/linear.js';
import { rmsNorm } from '../../model/rms-norm.js';
import { rotaryPositions, type RotaryTable } from '../../model/rotary.js';
import type { ModelFamily } from '../family.js';
import type { TensorEntry, TensorLayout } from '../layout.js';
import { parseRotaryDecoder, type RotaryDecoderConfig } from '../shared/config.js';
import { parseRotaryDecoderGguf } from '../shared/gguf.js';
import { ignoresRotaryDecoder, rotaryDecoderLayout, type RotaryDecoderKey } from '../shared/layout.js';

/** Llama's tensors and the biases of queries, keys and values. */
type Qwen2Key = RotaryDecoderKey | 'q_bias' | 'k_bias' | 'v_bias';

/** Qwen2 (Yang et al. 2024) and Qwen2.5: Llama with biases in attention. Reference: transformers, models/qwen2/modeling_qwen2.py. */
export const qwen2: ModelFamily<RotaryDecoderConfig, Qwen2Key, 'norm', RotaryTable> = {
  name: 'qwen2',
  description: 'Qwen2 and Qwen2.5, without sliding windows',
  className: 'Qwen2ForCausalLM',
  parseConfig,
  gguf: { architecture: 'qwen2', parseConfig: (fields, hasTensor) => parseRotaryDecoderGguf(fields, 'qwen2', hasTensor) },
  layout,
  ignores: ignoresRotaryDecoder,
  loraTargets: ['q_proj', 'v_proj'],
  positions: rotaryPositions,
  embed: (_config, _parameters, rows) => rows,
  block,
  finalNorm: ({ normEpsilon }, { outer }, hidden) => rmsNorm(hidden, outer.norm, normEpsilon),
};

/** Sliding windows are refused: within them the model would load, and see more than it was trained to. */
function parseConfig(fields: Fields): RotaryDecoderConfig {
  if (fields.flag('use_sliding_window', false)) {
    throw fields.bad('use_sliding_window', 'is true', 'false: sliding windows are not supported');
  }
  const kinds = fields.raw('layer_types') ?? [];
  const other = (Array.isArray(kinds) ? (kinds as unknown[]) : [kinds]).find((kind) => kind !== 'full_attention');
  if (other !== undefined) throw fields.bad('layer_types', `names ${JSON.stringify(other)}`, '"full_attention" alone');
  return parseRotaryDecoder(fields, { maxPositions: 32_768 });
}

function layout(config: RotaryDecoderConfig): TensorLayout<Qwen2Key, 'norm'> {
  const plain = rotaryDecoderLayout(config);
  const bias = (name: string, gguf: string, heads: number): TensorEntry => ({
    name: `self_attn.${name}.bias`,
    gguf: `${gguf}.bias`,
    shape: [heads * config.headDim],
  });
  return {
    ...plain,
    layer: {
      ...plain.layer,
      q_bias: bias('q_proj', 'attn_q', config.heads),
      k_bias: bias('k_proj', 'attn_k', config.keyValueHeads),
      v_bias: bias('v_proj', 'attn_v', config.keyValueHeads),
    },
  };
}

/** Attention and feed-forward, each behind a norm and added to the residual stream. @param x [batch * time, hidden] */
function block(
  config: RotaryDecoderConfig,
  layer: { readonly [K in Qwen2Key]: tf.Tensor },
  x: tf.Tensor2D,
  { tokens, past, lora }: BlockInputs<RotaryTable>,
): BlockResult {
  const linear = blockLinears(layer, lora);
  const normed = rmsNorm(x, layer.input_layernorm, config.normEpsilon); // [batch * time, hidden]
  const query: tf.Tensor2D = tf.add(linear(normed, 'q_proj'), layer.q_bias);
  const key: tf.Tensor2D = tf.add(linear(normed, 'k_proj'), layer.k_bias);
  const value: tf.Tensor2D = tf.add(linear(normed, 'v_proj'), layer.v_bias);
  const { mixed, keys, values } = attend(config, query, key, value, tokens, tokens.positions, past);
  const attended: tf.Tensor2D = tf.add(x, linear(mixed, 'o_proj')); // [batch * time, hidden]
  const normedAgain = rmsNorm(attended, layer.post_attention_layernorm, config.normEpsilon);
  const gated = swiGlu(linear(normedAgain, 'gate_proj'), linear(normedAgain, 'up_proj')); // [batch * time, intermediate]
  return { hidden: tf.add(attended, linear(gated, 'down_proj')), keys, values };
}

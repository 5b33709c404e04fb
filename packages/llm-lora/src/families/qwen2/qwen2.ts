import type { Fields } from '../../formats/fields.js';
import type { RotaryTable } from '../../model/rotary.js';
import type { ModelFamily } from '../family.js';
import type { TensorEntry, TensorLayout } from '../layout.js';
import { parseRotaryDecoder, type RotaryDecoderConfig } from '../shared/config.js';
import { rotaryDecoder } from '../shared/decoder.js';
import { parseRotaryDecoderGguf } from '../shared/gguf.js';
import { rotaryDecoderLayout, type AttentionBiasKey, type RotaryDecoderLinear, type RotaryDecoderNorm } from '../shared/layout.js';

/** Llama's norms and the biases of queries, keys and values. */
type Qwen2Key = RotaryDecoderNorm | AttentionBiasKey;

/** Qwen2 (Yang et al. 2024) and Qwen2.5: Llama with biases in attention. Reference: transformers, models/qwen2/modeling_qwen2.py. */
export const qwen2: ModelFamily<RotaryDecoderConfig, RotaryDecoderLinear, Qwen2Key, 'norm', RotaryTable> = {
  ...rotaryDecoder,
  name: 'qwen2',
  description: 'Qwen2 and Qwen2.5, without sliding windows',
  className: 'Qwen2ForCausalLM',
  parseConfig,
  gguf: { architecture: 'qwen2', parseConfig: (fields, hasTensor) => parseRotaryDecoderGguf(fields, 'qwen2', hasTensor) },
  layout,
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

function layout(config: RotaryDecoderConfig): TensorLayout<RotaryDecoderLinear, Qwen2Key, 'norm'> {
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

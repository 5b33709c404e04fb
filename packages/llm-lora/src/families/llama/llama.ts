import type { Fields } from '../../formats/fields.js';
import type { RotaryTable } from '../../model/rotary.js';
import type { ModelFamily } from '../family.js';
import { parseRotaryDecoder, type RotaryDecoderConfig } from '../shared/config.js';
import { rotaryDecoder } from '../shared/decoder.js';
import { parseRotaryDecoderGguf } from '../shared/gguf.js';
import { rotaryDecoderLayout, type RotaryDecoderLinear, type RotaryDecoderNorm } from '../shared/layout.js';
import type { TensorLayout } from '../layout.js';

/** Llama (Touvron et al. 2023) and models of the same form. Reference: transformers, models/llama/modeling_llama.py. */
export const llama: ModelFamily<RotaryDecoderConfig, RotaryDecoderLinear, RotaryDecoderNorm, 'norm', RotaryTable> = {
  ...rotaryDecoder,
  name: 'llama',
  description: 'Llama 1 to 3 and models of the same form: SmolLM, SmolLM2, TinyLlama',
  className: 'LlamaForCausalLM',
  parseConfig,
  gguf: { architecture: 'llama', parseConfig: (fields, hasTensor) => parseRotaryDecoderGguf(fields, 'llama', hasTensor) },
  layout,
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
function layout(config: RotaryDecoderConfig): TensorLayout<RotaryDecoderLinear, RotaryDecoderNorm, 'norm'> {
  const plain = rotaryDecoderLayout(config);
  const { q_proj, k_proj } = plain.linears;
  return {
    ...plain,
    linears: {
      ...plain.linears,
      q_proj: { ...q_proj, ggufPermutedHeads: config.heads },
      k_proj: { ...k_proj, ggufPermutedHeads: config.keyValueHeads },
    },
  };
}

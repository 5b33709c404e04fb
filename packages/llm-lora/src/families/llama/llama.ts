import type { Fields } from '../../formats/fields.js';
import type { WindowedTable } from '../../model/rotary.js';
import type { ModelFamily } from '../family.js';
import { parseBiases, parseRotaryDecoder, type RotaryDecoderConfig } from '../shared/config.js';
import { rotaryDecoder } from '../shared/decoder.js';
import { ggufBiases, parseRotaryDecoderGguf, rotaryDecoderMetadata } from '../shared/gguf.js';
import { permutedInGguf, rotaryDecoderLayout, type RotaryDecoderLinear, type RotaryDecoderNorm } from '../shared/layout.js';

/** Llama (Touvron et al. 2023) and models of the same form. Reference: transformers, models/llama/modeling_llama.py. */
export const llama: ModelFamily<RotaryDecoderConfig, RotaryDecoderLinear, RotaryDecoderNorm, 'norm', WindowedTable> = {
  ...rotaryDecoder,
  name: 'llama',
  description: 'Llama 1 to 3.3 and models of the same form: SmolLM, SmolLM2, TinyLlama',
  className: 'LlamaForCausalLM',
  parseConfig,
  gguf: {
    architecture: 'llama',
    parseConfig: (fields, file) => ({ ...parseRotaryDecoderGguf(fields, 'llama', file), ...ggufBiases(file) }),
    metadata: (config) => rotaryDecoderMetadata(config, 'llama'),
  },
  layout: (config) => permutedInGguf(rotaryDecoderLayout(config), config),
};

/** A form of the family whose arithmetic differs is refused; it would load and then answer wrongly. */
function parseConfig(fields: Fields): RotaryDecoderConfig {
  if (fields.flag('rope_interleaved', false)) {
    throw fields.bad('rope_interleaved', 'is true', 'false: rotary embeddings in rotate-half form');
  }
  return { ...parseRotaryDecoder(fields, { maxPositions: 2048 }), ...parseBiases(fields) };
}

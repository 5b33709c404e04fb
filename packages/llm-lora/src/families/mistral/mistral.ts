import type { Fields } from '../../formats/fields.js';
import type { WindowedTable } from '../../model/rotary.js';
import type { ModelFamily } from '../family.js';
import { parseRotaryDecoder, type RotaryDecoderConfig } from '../shared/config.js';
import { rotaryDecoder } from '../shared/decoder.js';
import { parseRotaryDecoderGguf, rotaryDecoderMetadata } from '../shared/gguf.js';
import { permutedInGguf, rotaryDecoderLayout, type RotaryDecoderLinear, type RotaryDecoderNorm } from '../shared/layout.js';
import { parseWindows, windowSize } from '../shared/windows.js';

/**
 * Mistral (Jiang et al. 2023): Llama whose blocks see through a sliding window in its first version.
 * Reference: transformers, models/mistral/modeling_mistral.py. In llama.cpp's files it is a
 * Llama without a window, and is read as one unless a config.json stands beside them.
 */
export const mistral: ModelFamily<RotaryDecoderConfig, RotaryDecoderLinear, RotaryDecoderNorm, 'norm', WindowedTable> = {
  ...rotaryDecoder,
  name: 'mistral',
  description: 'Mistral 7B and its kin, Ministral, Mistral Nemo and Small without images',
  className: 'MistralForCausalLM',
  parseConfig,
  gguf: {
    architecture: 'llama',
    parseConfig: (fields, file) => parseRotaryDecoderGguf(fields, 'llama', file),
    metadata: (config) => rotaryDecoderMetadata(config, 'llama'),
  },
  layout: (config) => permutedInGguf(rotaryDecoderLayout(config), config),
};

function parseConfig(fields: Fields): RotaryDecoderConfig {
  const config = parseRotaryDecoder(fields, { maxPositions: 131_072, keyValueHeads: 8 });
  return { ...config, ...parseWindows(fields, { ...config, size: windowSize(fields, 4096), slides: () => true }) };
}

import type { Fields } from '../../formats/fields.js';
import type { WindowedTable } from '../../model/rotary.js';
import type { ModelFamily } from '../family.js';
import { parseRotaryDecoder, type RotaryDecoderConfig } from '../shared/config.js';
import { rotaryDecoder } from '../shared/decoder.js';
import { parseRotaryDecoderGguf, rotaryDecoderMetadata } from '../shared/gguf.js';
import { rotaryDecoderLayout, type RotaryDecoderLinear, type RotaryDecoderNorm } from '../shared/layout.js';
import { parseWindows, windowSize, type WindowConfig } from '../shared/windows.js';

/** Qwen2 (Yang et al. 2024) and Qwen2.5: Llama with biases in attention. Reference: transformers, models/qwen2/modeling_qwen2.py. */
export const qwen2: ModelFamily<RotaryDecoderConfig, RotaryDecoderLinear, RotaryDecoderNorm, 'norm', WindowedTable> = {
  ...rotaryDecoder,
  name: 'qwen2',
  description: 'Qwen2 and Qwen2.5',
  className: 'Qwen2ForCausalLM',
  parseConfig(fields) {
    const config = parseRotaryDecoder(fields, { maxPositions: 32_768 });
    return { ...config, ...parseQwenWindows(fields, config) };
  },
  gguf: {
    architecture: 'qwen2',
    parseConfig: (fields, file) => parseRotaryDecoderGguf(fields, 'qwen2', file),
    metadata: (config) => rotaryDecoderMetadata(config, 'qwen2'),
  },
  layout: (config) => rotaryDecoderLayout({ ...config, biases: { attention: true, output: false, mlp: false } }),
};

/** `use_sliding_window` lets the blocks from `max_window_layers` on slide, where no `layer_types` say otherwise. */
export function parseQwenWindows(fields: Fields, { layers, maxPositions }: RotaryDecoderConfig): WindowConfig {
  const size = fields.flag('use_sliding_window', false) ? windowSize(fields, 4096) : null;
  const first = fields.number('max_window_layers', 28);
  return parseWindows(fields, { layers, maxPositions, size, slides: (index) => index >= first });
}

import type * as tf from '@tensorflow/tfjs';
import type { WindowedTable } from '../../model/rotary.js';
import type { ModelFamily } from '../family.js';
import type { TensorLayout } from '../layout.js';
import { parseQwenWindows } from '../qwen2/qwen2.js';
import { parseRotaryDecoder, type RotaryDecoderConfig } from '../shared/config.js';
import { projections, rotaryBlock, rotaryDecoder } from '../shared/decoder.js';
import { parseRotaryDecoderGguf, rotaryDecoderMetadata } from '../shared/gguf.js';
import {
  headNormLayout,
  rotaryDecoderLayout,
  type HeadNormKey,
  type RotaryDecoderLinear,
  type RotaryDecoderNorm,
} from '../shared/layout.js';
import { headNorm } from '../shared/projections.js';

/** Llama's norms and those of queries and keys. */
export type Qwen3Norm = RotaryDecoderNorm | HeadNormKey;

/** Qwen3 (Yang et al. 2025): each head of queries and keys is normed. Reference: transformers, models/qwen3/modeling_qwen3.py. */
export const qwen3: ModelFamily<RotaryDecoderConfig, RotaryDecoderLinear, Qwen3Norm, 'norm', WindowedTable> = {
  ...rotaryDecoder,
  name: 'qwen3',
  description: 'Qwen3, but for its mixtures of experts',
  className: 'Qwen3ForCausalLM',
  parseConfig(fields) {
    if (fields.flag('attention_bias', false)) throw fields.bad('attention_bias', 'is true', 'false, as in all models of the family');
    const config = parseRotaryDecoder(fields, { maxPositions: 32_768, headDim: 128 });
    return { ...config, ...parseQwenWindows(fields, config) };
  },
  gguf: {
    architecture: 'qwen3',
    parseConfig: (fields, file) => parseRotaryDecoderGguf(fields, 'qwen3', file),
    metadata: (config) => rotaryDecoderMetadata(config, 'qwen3'),
  },
  layout(config): TensorLayout<RotaryDecoderLinear, Qwen3Norm, 'norm'> {
    const plain = rotaryDecoderLayout(config);
    return { ...plain, layer: { ...plain.layer, ...headNormLayout(config) } };
  },
  block(config, layer, x, inputs) {
    const plain = projections(layer, inputs.linear);
    const project = (normed: tf.Tensor2D): ReturnType<typeof plain> => {
      const { query, key, value } = plain(normed);
      const { normEpsilon: epsilon } = config;
      return { query: headNorm(query, layer.q_norm, epsilon), key: headNorm(key, layer.k_norm, epsilon), value };
    };
    return rotaryBlock(config, layer, x, inputs, project, inputs.tokens.positions);
  },
};

import * as tf from '@tensorflow/tfjs';
import { rmsNorm } from '../../model/rms-norm.js';
import type { WindowedTable } from '../../model/rotary.js';
import type { ModelFamily } from '../family.js';
import type { TensorEntry, TensorLayout } from '../layout.js';
import { parseBiases, parseRotaryDecoder, type RotaryDecoderConfig } from '../shared/config.js';
import { biasIn, feedForward, projections, rotaryDecoder } from '../shared/decoder.js';
import { parseRotaryDecoderGguf, rotaryDecoderMetadata } from '../shared/gguf.js';
import { rotaryDecoderLayout, type HeadNormKey, type RotaryDecoderLinear } from '../shared/layout.js';
import { biased, selfAttention } from '../shared/projections.js';

/** Norms of queries and keys over the whole width, and of what attention and feed-forward give. */
export type Olmo2Norm = HeadNormKey | 'post_attention_layernorm' | 'post_feedforward_layernorm';

/** OLMo 2 (OLMo et al. 2024): norms stand behind attention and feed-forward. Reference: transformers, models/olmo2/modeling_olmo2.py. */
export const olmo2: ModelFamily<RotaryDecoderConfig, RotaryDecoderLinear, Olmo2Norm, 'norm', WindowedTable> = {
  ...rotaryDecoder,
  name: 'olmo2',
  description: 'OLMo 2',
  className: 'Olmo2ForCausalLM',
  parseConfig: (fields) => ({ ...parseRotaryDecoder(fields, { maxPositions: 2048, normEpsilon: 1e-5 }), ...parseBiases(fields) }),
  gguf: {
    architecture: 'olmo2',
    parseConfig: (fields, file) => parseRotaryDecoderGguf(fields, 'olmo2', file),
    metadata: (config) => rotaryDecoderMetadata(config, 'olmo2'),
  },
  layout(config): TensorLayout<RotaryDecoderLinear, Olmo2Norm, 'norm'> {
    const plain = rotaryDecoderLayout(config);
    const { input_layernorm, post_attention_layernorm, ...biases } = plain.layer;
    const vector = (name: string, gguf: string, width: number): TensorEntry => ({
      name: `${name}.weight`,
      gguf: `${gguf}.weight`,
      shape: [width],
    });
    return {
      ...plain,
      layer: {
        ...biases,
        q_norm: vector('self_attn.q_norm', 'attn_q_norm', config.heads * config.headDim),
        k_norm: vector('self_attn.k_norm', 'attn_k_norm', config.keyValueHeads * config.headDim),
        post_attention_layernorm: { ...post_attention_layernorm, gguf: 'post_attention_norm.weight' },
        post_feedforward_layernorm: vector('post_feedforward_layernorm', 'post_ffw_norm', input_layernorm.shape[0]!),
      },
    };
  },
  block(config, layer, x, { linear, ...inputs }) {
    const { normEpsilon: epsilon } = config;
    const plain = projections(layer, linear)(x);
    const normed = { ...plain, query: rmsNorm(plain.query, layer.q_norm, epsilon), key: rmsNorm(plain.key, layer.k_norm, epsilon) };
    const { positions } = inputs.tokens;
    const { mixed, keys, values } = selfAttention(config, normed, inputs, { rotary: positions, places: positions.places });
    const output = biased(linear(mixed, 'o_proj'), biasIn(layer, 'o_bias'));
    const attended: tf.Tensor2D = tf.add(x, rmsNorm(output, layer.post_attention_layernorm, epsilon)); // [batch * time, hidden]
    const fed = rmsNorm(feedForward(layer, attended, linear), layer.post_feedforward_layernorm, epsilon);
    return { hidden: tf.add(attended, fed), keys, values };
  },
};

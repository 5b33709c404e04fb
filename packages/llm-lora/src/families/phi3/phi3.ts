import * as tf from '@tensorflow/tfjs';
import type { Fields } from '../../formats/fields.js';
import { swiGlu } from '../../model/feed-forward.js';
import { rmsNorm } from '../../model/rms-norm.js';
import type { WindowedTable } from '../../model/rotary.js';
import type { GgufView, ModelFamily } from '../family.js';
import type { TensorLayout } from '../layout.js';
import { parseRotaryDecoder, type RotaryDecoderConfig } from '../shared/config.js';
import { rotaryDecoder } from '../shared/decoder.js';
import { ggufWindow, parseRotaryDecoderGguf, rotaryDecoderMetadata, windowMetadata } from '../shared/gguf.js';
import { rotaryDecoderLayout, type RotaryDecoderNorm } from '../shared/layout.js';
import { selfAttention } from '../shared/projections.js';
import { parseWindows, windowSize, windowsOf } from '../shared/windows.js';

/** Queries, keys and values come from one matrix, gate and up from another. */
export type Phi3Linear = 'qkv_proj' | 'o_proj' | 'gate_up_proj' | 'down_proj';

/**
 * Phi-3 (Abdin et al. 2024): Llama with fused matrices. Reference: transformers, models/phi3/modeling_phi3.py.
 * Those with LongRoPE end at the context of pre-training, beyond which all frequencies would change.
 */
export const phi3: ModelFamily<RotaryDecoderConfig, Phi3Linear, RotaryDecoderNorm, 'norm', WindowedTable> = {
  name: 'phi3',
  description: 'Phi-3, Phi-3.5 and Phi-4 without images and experts; those with LongRoPE up to their context of pre-training',
  className: 'Phi3ForCausalLM',
  parseConfig,
  gguf: {
    architecture: 'phi3',
    parseConfig: parseGguf,
    metadata: (config) => ({ ...rotaryDecoderMetadata(config, 'phi3'), ...windowMetadata(config, 'phi3') }),
    ropeFactors: 'rope_factors_short.weight',
  },
  layout,
  ignores: rotaryDecoder.ignores,
  loraTargets: ['qkv_proj'],
  positions: rotaryDecoder.positions,
  embed: rotaryDecoder.embed,
  finalNorm: rotaryDecoder.finalNorm,
  block(config, layer, x, { linear, ...inputs }) {
    const { heads, keyValueHeads, headDim, normEpsilon } = config;
    const widths = [heads, keyValueHeads, keyValueHeads].map((count) => count * headDim);
    const fused = linear(rmsNorm(x, layer.input_layernorm, normEpsilon), 'qkv_proj'); // [batch * time, (heads + 2 kvHeads) * headDim]
    const [query, key, value] = tf.split(fused, widths, 1) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    const { positions } = inputs.tokens;
    const { mixed, keys, values } = selfAttention(config, { query, key, value }, inputs, { rotary: positions, places: positions.places });
    const attended: tf.Tensor2D = tf.add(x, linear(mixed, 'o_proj')); // [batch * time, hidden]
    const both = linear(rmsNorm(attended, layer.post_attention_layernorm, normEpsilon), 'gate_up_proj');
    const [gate, up] = tf.split(both, 2, 1) as [tf.Tensor2D, tf.Tensor2D]; // [batch * time, intermediate]
    return { hidden: tf.add(attended, linear(swiGlu(gate, up), 'down_proj')), keys, values };
  },
};

function parseConfig(fields: Fields): RotaryDecoderConfig {
  const config = parseRotaryDecoder(fields, { maxPositions: 4096, normEpsilon: 1e-5, rope: { yarnIsLongRope: true } });
  return { ...config, ...parseWindows(fields, { ...config, size: windowSize(fields, null), slides: () => true }) };
}

function parseGguf(fields: Fields, file: GgufView): RotaryDecoderConfig {
  const config = parseRotaryDecoderGguf(fields, 'phi3', file, { partialRotary: true });
  return { ...config, ...windowsOf({ ...config, size: ggufWindow(fields, 'phi3'), slides: () => true }, () => true) };
}

function layout(config: RotaryDecoderConfig): TensorLayout<Phi3Linear, RotaryDecoderNorm, 'norm'> {
  const { linears, ...rest } = rotaryDecoderLayout(config);
  const { hiddenSize, intermediateSize, heads, keyValueHeads, headDim } = config;
  return {
    ...rest,
    linears: {
      qkv_proj: { name: 'self_attn.qkv_proj.weight', gguf: 'attn_qkv.weight', shape: [(heads + 2 * keyValueHeads) * headDim, hiddenSize] },
      o_proj: linears.o_proj,
      gate_up_proj: { name: 'mlp.gate_up_proj.weight', gguf: 'ffn_up.weight', shape: [2 * intermediateSize, hiddenSize] },
      down_proj: linears.down_proj,
    },
  };
}

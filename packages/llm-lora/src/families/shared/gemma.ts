import * as tf from '@tensorflow/tfjs';
import type { BlockResult } from '../../model/block.js';
import { geGlu } from '../../model/feed-forward.js';
import { rmsNorm } from '../../model/rms-norm.js';
import type { AttentionResult } from '../../model/attention.js';
import type { TensorEntry, TensorLayout } from '../layout.js';
import type { Fields } from '../../formats/fields.js';
import { parseRotaryDecoder, type RotaryDecoderConfig, type RotaryDecoderDefaults } from './config.js';
import { feedForward } from './decoder.js';
import { rotaryDecoderLayout, type RotaryDecoderLinear } from './layout.js';

/** Hyperparameters of Gemma 2 and 3. */
export interface GemmaConfig extends RotaryDecoderConfig {
  /** Attention scores s become cap tanh(s / cap); null: they stay. */
  readonly attentionCap: number | null;
  /** Logits u become cap tanh(u / cap); null: they stay. */
  readonly finalCap: number | null;
}

/** The four norms of a block: before and after attention, before and after the feed-forward block. */
export type GemmaNorm = 'input_layernorm' | 'post_attention_layernorm' | 'pre_feedforward_layernorm' | 'post_feedforward_layernorm';

/** Gemma's RMS norm, whose weights are differences to 1. */
export function gemmaNorm(x: tf.Tensor2D, weight: tf.Tensor, epsilon: number): tf.Tensor2D {
  return rmsNorm(x, tf.add(weight, 1), epsilon);
}

/** Embeddings times the square root of their width. @param rows [batch * time, hidden] */
export function gemmaEmbed({ hiddenSize }: GemmaConfig, rows: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(rows, Math.sqrt(hiddenSize));
}

/**
 * Attention and feed-forward, each between two norms.
 * @param x [batch * time, hidden] @param attention of normed hidden states; its output projection is applied here
 */
export function gemmaBlock(
  { normEpsilon: epsilon }: GemmaConfig,
  layer: { readonly [K in GemmaNorm]: tf.Tensor },
  x: tf.Tensor2D,
  linear: (x: tf.Tensor2D, name: RotaryDecoderLinear) => tf.Tensor2D,
  attention: (normed: tf.Tensor2D) => AttentionResult,
): BlockResult {
  const { mixed, keys, values } = attention(gemmaNorm(x, layer.input_layernorm, epsilon));
  const attended: tf.Tensor2D = tf.add(x, gemmaNorm(linear(mixed, 'o_proj'), layer.post_attention_layernorm, epsilon)); // [batch * time, hidden]
  const fed = feedForward({}, gemmaNorm(attended, layer.pre_feedforward_layernorm, epsilon), linear, geGlu);
  return { hidden: tf.add(attended, gemmaNorm(fed, layer.post_feedforward_layernorm, epsilon)), keys, values };
}

/**
 * Fields that Gemma 2 and 3 have in common.
 * @param caps what stands for a missing soft cap of attention and of logits
 */
export function parseGemma(
  fields: Fields,
  defaults: Pick<RotaryDecoderDefaults, 'maxPositions' | 'rope'>,
  caps: { readonly attention: number | null; readonly final: number | null },
): GemmaConfig {
  for (const name of ['attention_bias', 'use_bidirectional_attention']) {
    if (fields.flag(name, false)) throw fields.bad(name, 'is true', 'false: other forms of the family are not supported');
  }
  const activation = { field: 'hidden_activation', names: ['gelu_pytorch_tanh', 'gelu'] };
  const config = parseRotaryDecoder(fields, { ...defaults, headDim: 256, keyValueHeads: 4, tied: true, activation });
  return {
    ...config,
    queryScale: 1 / Math.sqrt(fields.count('query_pre_attn_scalar', 256)),
    attentionCap: softCap(fields, 'attn_logit_softcapping', caps.attention),
    finalCap: softCap(fields, 'final_logit_softcapping', caps.final),
  };
}

/** A positive number, null for none, the default where it is missing. @throws FormatError `CONFIG_BAD_FIELD` */
export function softCap(fields: Fields, name: string, fallback: number | null): number | null {
  if (!fields.has(name)) return fallback;
  if (fields.raw(name) === null) return null;
  const value = fields.number(name);
  if (value > 0) return value;
  throw fields.bad(name, `is ${value}`, 'a positive number, or null for none');
}

/** The tensors of Gemma 2; llama.cpp's converter adds 1 to all of its norms. */
export function gemmaLayout(config: GemmaConfig): TensorLayout<RotaryDecoderLinear, GemmaNorm, 'norm'> {
  const plain = rotaryDecoderLayout(config);
  const norm = (name: string, gguf: string): TensorEntry =>
    shifted({ name: `${name}.weight`, gguf: `${gguf}.weight`, shape: [config.hiddenSize] });
  return {
    ...plain,
    layer: {
      input_layernorm: norm('input_layernorm', 'attn_norm'),
      post_attention_layernorm: norm('post_attention_layernorm', 'post_attention_norm'),
      pre_feedforward_layernorm: norm('pre_feedforward_layernorm', 'ffn_norm'),
      post_feedforward_layernorm: norm('post_feedforward_layernorm', 'post_ffw_norm'),
    },
    outer: { norm: shifted(plain.outer.norm) },
  };
}

/** A norm as llama.cpp's converter writes Gemma's. */
export function shifted(entry: TensorEntry): TensorEntry {
  return { ...entry, ggufAdded: 1 };
}

import { geluTanh, spec } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import type { Fields } from '../../formats/fields.js';
import type { WrittenGgufMetadata } from '../../formats/gguf/write.js';
import { attend } from '../../model/attention.js';
import type { DecoderConfig } from '../../model/config.js';
import { layerNorm } from '../../model/layer-norm.js';
import type { GgufView, ModelFamily } from '../family.js';
import type { TensorEntry, TensorLayout } from '../layout.js';
import { LARGEST } from '../shared/config.js';
import { commonMetadata, parseGgufCommon, prefixed } from '../shared/gguf.js';
import { biasOf } from '../shared/layout.js';

/** Hyperparameters of GPT-2. */
export interface Gpt2Config extends DecoderConfig {
  /** Number of heads, of queries and of keys and values. */
  readonly heads: number;
  /** Width of the feed-forward block. */
  readonly intermediateSize: number;
  /** Epsilon inside the layer norm's square root. */
  readonly normEpsilon: number;
  /** What queries are multiplied by. */
  readonly queryScale: number;
  /** True where the output head is the embedding table. */
  readonly tiedEmbeddings: boolean;
}

/** The linear layers of a block: queries, keys and values from one matrix, what attention gives, and the feed-forward block. */
export type Gpt2Linear = 'qkv' | 'attention' | 'up' | 'down';

/** Norms with their biases, and the biases of the linear layers. */
export type Gpt2Key = 'ln_1' | 'ln_1_bias' | 'ln_2' | 'ln_2_bias' | `${Gpt2Linear}_bias`;

/** Learned positions and the final norm. */
export type Gpt2Outer = 'positions' | 'norm' | 'norm_bias';

/**
 * GPT-2 (Radford et al. 2019): learned positions, layer norms, biases, matrices that Hugging Face stores transposed.
 * Reference: transformers, models/gpt2/modeling_gpt2.py.
 */
export const gpt2: ModelFamily<Gpt2Config, Gpt2Linear, Gpt2Key, Gpt2Outer, 'ids'> = {
  name: 'gpt2',
  description: 'GPT-2 and DistilGPT-2',
  className: 'GPT2LMHeadModel',
  parseConfig,
  gguf: { architecture: 'gpt2', parseConfig: parseGguf, metadata },
  layout,
  /** Causal masks, which old files hold, and a tied head that is stored twice. */
  ignores: (name, { tiedEmbeddings }) => /\.attn\.(?:masked_)?bias$/.test(name) || (tiedEmbeddings && name === 'lm_head.weight'),
  loraTargets: ['c_attn'],
  positions: {
    specs: (_config, rows, time) => ({ ids: spec([rows, time], 'int32') }),
    values: (_config, positions) => ({ ids: Int32Array.from(positions) }),
  },
  embed({ hiddenSize }, outer, rows, { batch, time, positions }) {
    const added = tf.gather(outer.positions, positions.ids); // [1 or batch, time, hidden]
    return tf.reshape<tf.Rank.R2>(tf.add(tf.reshape(rows, [batch, time, hiddenSize]), added), [batch * time, hiddenSize]);
  },
  block(config, layer, x, { tokens, past, linear }) {
    const normed = layerNorm(x, layer.ln_1, layer.ln_1_bias, config.normEpsilon);
    const fused: tf.Tensor2D = tf.add(linear(normed, 'qkv'), layer.qkv_bias); // [batch * time, 3 * hidden]
    const [query, key, value] = tf.split(fused, 3, 1) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    const scaled: tf.Tensor2D = tf.mul(query, config.queryScale);
    const { mixed, keys, values } = attend(config, scaled, key, value, tokens, null, past);
    const attended: tf.Tensor2D = tf.add(x, tf.add(linear(mixed, 'attention'), layer.attention_bias)); // [batch * time, hidden]
    const normedAgain = layerNorm(attended, layer.ln_2, layer.ln_2_bias, config.normEpsilon);
    const up = geluTanh<tf.Tensor2D>(tf.add(linear(normedAgain, 'up'), layer.up_bias)); // [batch * time, intermediate]
    return { hidden: tf.add(attended, tf.add(linear(up, 'down'), layer.down_bias)), keys, values };
  },
  finalNorm: ({ normEpsilon }, { norm, norm_bias }, hidden) => layerNorm(hidden, norm, norm_bias, normEpsilon),
};

/** Forms whose arithmetic differs are refused. */
function parseConfig(fields: Fields): Gpt2Config {
  const activation = fields.text('activation_function') ?? 'gelu_new';
  if (activation !== 'gelu_new' && activation !== 'gelu_pytorch_tanh') {
    throw fields.bad('activation_function', `is ${JSON.stringify(activation)}`, '"gelu_new", the only one supported');
  }
  for (const name of ['scale_attn_by_inverse_layer_idx', 'add_cross_attention']) {
    if (fields.flag(name, false)) throw fields.bad(name, 'is true', 'false: other forms of the family are not supported');
  }
  const heads = fields.count('n_head', 12, LARGEST.heads);
  const hiddenSize = fields.count('n_embd', 768, LARGEST.width);
  const headDim = headWidth(fields, 'n_embd', hiddenSize, heads);
  return {
    hiddenSize,
    intermediateSize: fields.count('n_inner', 4 * hiddenSize, 4 * LARGEST.width),
    layers: fields.count('n_layer', 12, LARGEST.layers),
    heads,
    keyValueHeads: heads,
    headDim,
    queryScale: fields.flag('scale_attn_weights', true) ? 1 / Math.sqrt(headDim) : 1,
    vocabularySize: fields.count('vocab_size', 50_257, LARGEST.vocabulary),
    maxPositions: fields.count('n_positions', 1024, LARGEST.width),
    normEpsilon: fields.number('layer_norm_epsilon', 1e-5),
    tiedEmbeddings: fields.flag('tie_word_embeddings', true),
    bosTokenId: fields.tokenIds('bos_token_id')[0] ?? null,
    eosTokenIds: fields.tokenIds('eos_token_id'),
  };
}

function parseGguf(fields: Fields, { hasTensor }: GgufView): Gpt2Config {
  const heads = fields.count('gpt2.attention.head_count', undefined, LARGEST.heads);
  const hiddenSize = fields.count('gpt2.embedding_length', undefined, LARGEST.width);
  const headDim = headWidth(fields, 'gpt2.embedding_length', hiddenSize, heads);
  return {
    ...parseGgufCommon(fields, 'gpt2'),
    hiddenSize,
    intermediateSize: fields.count('gpt2.feed_forward_length', undefined, 4 * LARGEST.width),
    heads,
    keyValueHeads: heads,
    headDim,
    queryScale: 1 / Math.sqrt(headDim),
    maxPositions: fields.count('gpt2.context_length', undefined, LARGEST.width),
    normEpsilon: fields.number('gpt2.attention.layer_norm_epsilon'),
    tiedEmbeddings: !hasTensor('output.weight'),
  };
}

function metadata(config: Gpt2Config): WrittenGgufMetadata {
  return prefixed('gpt2', {
    ...commonMetadata(config),
    embedding_length: { uint32: config.hiddenSize },
    feed_forward_length: { uint32: config.intermediateSize },
    'attention.head_count': { uint32: config.heads },
    'attention.layer_norm_epsilon': { float32: config.normEpsilon },
  });
}

function headWidth(fields: Fields, name: string, hiddenSize: number, heads: number): number {
  if (hiddenSize % heads === 0) return hiddenSize / heads;
  throw fields.bad(name, `is ${hiddenSize}`, `a multiple of the ${heads} heads`);
}

function layout(config: Gpt2Config): TensorLayout<Gpt2Linear, Gpt2Key, Gpt2Outer> {
  const { hiddenSize, intermediateSize, maxPositions, vocabularySize, tiedEmbeddings } = config;
  const matrix = (name: string, gguf: string, out: number, width: number): TensorEntry => ({
    name: `${name}.weight`,
    gguf: `${gguf}.weight`,
    shape: [out, width],
    transposed: true,
  });
  const vector = (name: string, gguf: string): TensorEntry => ({ name, gguf, shape: [hiddenSize] });
  const qkv = matrix('attn.c_attn', 'attn_qkv', 3 * hiddenSize, hiddenSize);
  const attention = matrix('attn.c_proj', 'attn_output', hiddenSize, hiddenSize);
  const up = matrix('mlp.c_fc', 'ffn_up', intermediateSize, hiddenSize);
  const down = matrix('mlp.c_proj', 'ffn_down', hiddenSize, intermediateSize);
  return {
    embedding: { name: 'transformer.wte.weight', gguf: 'token_embd.weight', shape: [vocabularySize, hiddenSize] },
    blocks: 'transformer.h',
    linears: { qkv, attention, up, down },
    layer: {
      ln_1: vector('ln_1.weight', 'attn_norm.weight'),
      ln_1_bias: vector('ln_1.bias', 'attn_norm.bias'),
      ln_2: vector('ln_2.weight', 'ffn_norm.weight'),
      ln_2_bias: vector('ln_2.bias', 'ffn_norm.bias'),
      qkv_bias: biasOf(qkv),
      attention_bias: biasOf(attention),
      up_bias: biasOf(up),
      down_bias: biasOf(down),
    },
    outer: {
      positions: { name: 'transformer.wpe.weight', gguf: 'position_embd.weight', shape: [maxPositions, hiddenSize] },
      norm: vector('transformer.ln_f.weight', 'output_norm.weight'),
      norm_bias: vector('transformer.ln_f.bias', 'output_norm.bias'),
    },
    head: tiedEmbeddings ? null : { name: 'lm_head.weight', gguf: 'output.weight', shape: [vocabularySize, hiddenSize] },
  };
}

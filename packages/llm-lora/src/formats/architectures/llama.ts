import type { Fields } from '../fields.js';
import type { LlamaConfig } from '../llama-config.js';
import { parseRope } from '../rope-scaling.js';
import type { Architecture } from './architecture.js';
import { llamaGguf } from './llama-gguf.js';

/** Llama 1 to 3 and models of the same form: SmolLM, SmolLM2, TinyLlama, stories260K. */
export const llama: Architecture = {
  modelType: 'llama',
  className: 'LlamaForCausalLM',
  parseConfig,
  tensorShapes,
  ignores: (name, { tiedEmbeddings }) =>
    name.endsWith('.rotary_emb.inv_freq') || name === 'rope_freqs.weight' || (tiedEmbeddings && name === 'lm_head.weight'),
  gguf: llamaGguf,
};

function parseConfig(fields: Fields): LlamaConfig {
  refuseVariants(fields);
  const heads = fields.count('num_attention_heads');
  const keyValueHeads = fields.count('num_key_value_heads', heads);
  if (heads % keyValueHeads !== 0) throw fields.bad('num_key_value_heads', `is ${keyValueHeads}`, `a divisor of the ${heads} query heads`);
  const hiddenSize = fields.count('hidden_size');
  if (fields.raw('head_dim') === null && hiddenSize % heads !== 0) {
    throw fields.bad('hidden_size', `is ${hiddenSize}`, `a multiple of num_attention_heads (${heads}) where head_dim is not given`);
  }
  const headDim = fields.count('head_dim', hiddenSize / heads);
  if (headDim % 2 !== 0) throw fields.bad('head_dim', `is ${headDim}`, 'an even number, for rotary embeddings turn pairs');
  const maxPositions = fields.count('max_position_embeddings', 2048);
  const rope = parseRope(fields, maxPositions);
  return {
    hiddenSize,
    intermediateSize: fields.count('intermediate_size'),
    layers: fields.count('num_hidden_layers'),
    heads,
    keyValueHeads,
    headDim,
    vocabularySize: fields.count('vocab_size'),
    maxPositions,
    normEpsilon: fields.number('rms_norm_eps', 1e-6),
    ropeTheta: rope.theta,
    ropeScaling: rope.scaling,
    tiedEmbeddings: fields.flag('tie_word_embeddings', false),
    bosTokenId: tokenIds(fields, 'bos_token_id')[0] ?? null,
    eosTokenIds: tokenIds(fields, 'eos_token_id'),
  };
}

/** Forms of the family whose weights or arithmetic differ; each would load and then answer wrongly. */
function refuseVariants(fields: Fields): void {
  for (const name of ['attention_bias', 'mlp_bias']) {
    if (fields.flag(name, false)) throw fields.bad(name, 'is true', 'false: layers with biases are not supported');
  }
  const activation = fields.text('hidden_act') ?? 'silu';
  if (activation !== 'silu') throw fields.bad('hidden_act', `is ${JSON.stringify(activation)}`, '"silu", the only one supported');
  if (fields.flag('rope_interleaved', false))
    throw fields.bad('rope_interleaved', 'is true', 'false: rotary embeddings in rotate-half form');
}

/** One id, a list of ids, or none. */
export function tokenIds(fields: Fields, name: string): readonly number[] {
  const value = fields.raw(name);
  const ids = value === null ? [] : Array.isArray(value) ? (value as unknown[]) : [value];
  if (ids.every((id): id is number => typeof id === 'number' && Number.isSafeInteger(id) && id >= 0)) return ids;
  throw fields.bad(name, `is ${JSON.stringify(value)}`, 'a token id or a list of token ids');
}

function tensorShapes(config: LlamaConfig): Map<string, readonly number[]> {
  const { hiddenSize, intermediateSize, layers, heads, keyValueHeads, headDim, vocabularySize, tiedEmbeddings } = config;
  const shapes = new Map<string, readonly number[]>([['model.embed_tokens.weight', [vocabularySize, hiddenSize]]]);
  for (let layer = 0; layer < layers; layer += 1) {
    const at = `model.layers.${layer}`;
    shapes.set(`${at}.input_layernorm.weight`, [hiddenSize]);
    shapes.set(`${at}.self_attn.q_proj.weight`, [heads * headDim, hiddenSize]);
    shapes.set(`${at}.self_attn.k_proj.weight`, [keyValueHeads * headDim, hiddenSize]);
    shapes.set(`${at}.self_attn.v_proj.weight`, [keyValueHeads * headDim, hiddenSize]);
    shapes.set(`${at}.self_attn.o_proj.weight`, [hiddenSize, heads * headDim]);
    shapes.set(`${at}.post_attention_layernorm.weight`, [hiddenSize]);
    shapes.set(`${at}.mlp.gate_proj.weight`, [intermediateSize, hiddenSize]);
    shapes.set(`${at}.mlp.up_proj.weight`, [intermediateSize, hiddenSize]);
    shapes.set(`${at}.mlp.down_proj.weight`, [hiddenSize, intermediateSize]);
  }
  shapes.set('model.norm.weight', [hiddenSize]);
  if (!tiedEmbeddings) shapes.set('lm_head.weight', [vocabularySize, hiddenSize]);
  return shapes;
}

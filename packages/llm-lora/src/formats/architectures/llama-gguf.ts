import type { Fields } from '../fields.js';
import type { LlamaConfig, RopeScaling } from '../llama-config.js';
import type { GgufConventions } from './architecture.js';

/** Llama in llama.cpp's files (`LlamaModel` of convert_hf_to_gguf.py). */
export const llamaGguf: GgufConventions = {
  architecture: 'llama',
  parseConfig,
  huggingFaceName,
  permutedHeads(name, { heads, keyValueHeads }) {
    if (name.endsWith('.self_attn.q_proj.weight')) return heads;
    return name.endsWith('.self_attn.k_proj.weight') ? keyValueHeads : null;
  },
};

function parseConfig(fields: Fields, hasTensor: (name: string) => boolean): LlamaConfig {
  if (fields.number('llama.expert_count', 0) > 0) {
    throw fields.bad('llama.expert_count', `is ${fields.number('llama.expert_count')}`, '0: mixtures of experts are not supported');
  }
  const heads = fields.count('llama.attention.head_count');
  const hiddenSize = fields.count('llama.embedding_length');
  const headDim = fields.count('llama.attention.key_length', hiddenSize / heads);
  const keyValueHeads = fields.count('llama.attention.head_count_kv', heads);
  if (heads % keyValueHeads !== 0) {
    throw fields.bad('llama.attention.head_count_kv', `is ${keyValueHeads}`, `a divisor of the ${heads} query heads`);
  }
  for (const name of ['llama.attention.value_length', 'llama.rope.dimension_count']) {
    if (fields.count(name, headDim) !== headDim) throw fields.bad(name, `is ${fields.count(name)}`, `${headDim}, the width of a head`);
  }
  const words = fields.raw('tokenizer.ggml.tokens');
  const ends = ['tokenizer.ggml.eos_token_id', 'tokenizer.ggml.eot_token_id'].map((name) => tokenId(fields, name));
  return {
    hiddenSize,
    intermediateSize: fields.count('llama.feed_forward_length'),
    layers: fields.count('llama.block_count'),
    heads,
    keyValueHeads,
    headDim,
    vocabularySize: Array.isArray(words) ? fields.count('llama.vocab_size', words.length) : fields.count('llama.vocab_size'),
    maxPositions: fields.count('llama.context_length'),
    normEpsilon: fields.number('llama.attention.layer_norm_rms_epsilon'),
    ropeTheta: fields.number('llama.rope.freq_base', 10_000),
    ropeScaling: parseScaling(fields),
    tiedEmbeddings: !hasTensor('output.weight'),
    bosTokenId: tokenId(fields, 'tokenizer.ggml.bos_token_id'),
    eosTokenIds: [...new Set(ends.filter((id) => id !== null))],
  };
}

function tokenId(fields: Fields, name: string): number | null {
  return fields.raw(name) === null ? null : fields.number(name);
}

/** Llama 3's scaling stands in a tensor of factors, not in the metadata: only config.json can give it. */
function parseScaling(fields: Fields): RopeScaling | null {
  const type = fields.text('llama.rope.scaling.type') ?? 'none';
  if (type === 'none') return null;
  if (type === 'linear') return { type, factor: fields.number('llama.rope.scaling.factor') };
  throw fields.bad('llama.rope.scaling.type', `is ${JSON.stringify(type)}`, '"none" or "linear"');
}

const WHOLE_MODEL: Readonly<Record<string, string>> = {
  'token_embd.weight': 'model.embed_tokens.weight',
  'output_norm.weight': 'model.norm.weight',
  'output.weight': 'lm_head.weight',
};

const IN_LAYER: Readonly<Record<string, string>> = {
  'attn_norm.weight': 'input_layernorm.weight',
  'attn_q.weight': 'self_attn.q_proj.weight',
  'attn_k.weight': 'self_attn.k_proj.weight',
  'attn_v.weight': 'self_attn.v_proj.weight',
  'attn_output.weight': 'self_attn.o_proj.weight',
  'ffn_norm.weight': 'post_attention_layernorm.weight',
  'ffn_gate.weight': 'mlp.gate_proj.weight',
  'ffn_up.weight': 'mlp.up_proj.weight',
  'ffn_down.weight': 'mlp.down_proj.weight',
};

function huggingFaceName(name: string): string | null {
  const [, layer, rest] = /^blk\.(\d+)\.(.*)$/.exec(name) ?? [];
  if (layer === undefined || rest === undefined) return Object.hasOwn(WHOLE_MODEL, name) ? (WHOLE_MODEL[name] ?? null) : null;
  return Object.hasOwn(IN_LAYER, rest) ? `model.layers.${layer}.${IN_LAYER[rest] ?? ''}` : null;
}

import type { TensorEntry, TensorLayout } from '../layout.js';
import type { RotaryDecoderConfig } from './config.js';

/** The linear layers of a block that Llama and its descendants have in common, in the order of the block. */
export type RotaryDecoderLinear = 'q_proj' | 'k_proj' | 'v_proj' | 'o_proj' | 'gate_proj' | 'up_proj' | 'down_proj';

/** The norms of such a block. */
export type RotaryDecoderNorm = 'input_layernorm' | 'post_attention_layernorm';

/** Biases of queries, keys and values, which some of the descendants add. */
export type AttentionBiasKey = 'q_bias' | 'k_bias' | 'v_bias';

/** Norms of queries and keys. */
export type HeadNormKey = 'q_norm' | 'k_norm';

/** All biases that a block can have. */
export type RotaryDecoderBias = AttentionBiasKey | 'o_bias' | 'gate_bias' | 'up_bias' | 'down_bias';

/** The tensors of Llama, and of its descendants but for what those add. */
export function rotaryDecoderLayout(config: RotaryDecoderConfig): TensorLayout<RotaryDecoderLinear, RotaryDecoderNorm, 'norm'> {
  const { hiddenSize, intermediateSize, heads, keyValueHeads, headDim, vocabularySize, tiedEmbeddings, biases } = config;
  const vector = (name: string, gguf: string): TensorEntry => ({ name: `${name}.weight`, gguf: `${gguf}.weight`, shape: [hiddenSize] });
  const matrix = (name: string, gguf: string, out: number, width: number): TensorEntry => ({
    name: `${name}.weight`,
    gguf: `${gguf}.weight`,
    shape: [out, width],
  });
  const linears = {
    q_proj: matrix('self_attn.q_proj', 'attn_q', heads * headDim, hiddenSize),
    k_proj: matrix('self_attn.k_proj', 'attn_k', keyValueHeads * headDim, hiddenSize),
    v_proj: matrix('self_attn.v_proj', 'attn_v', keyValueHeads * headDim, hiddenSize),
    o_proj: matrix('self_attn.o_proj', 'attn_output', hiddenSize, heads * headDim),
    gate_proj: matrix('mlp.gate_proj', 'ffn_gate', intermediateSize, hiddenSize),
    up_proj: matrix('mlp.up_proj', 'ffn_up', intermediateSize, hiddenSize),
    down_proj: matrix('mlp.down_proj', 'ffn_down', hiddenSize, intermediateSize),
  };
  const { q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj } = linears;
  return {
    embedding: { name: 'model.embed_tokens.weight', gguf: 'token_embd.weight', shape: [vocabularySize, hiddenSize] },
    blocks: 'model.layers',
    linears,
    layer: {
      input_layernorm: vector('input_layernorm', 'attn_norm'),
      post_attention_layernorm: vector('post_attention_layernorm', 'ffn_norm'),
      ...(biases?.attention === true ? { q_bias: biasOf(q_proj), k_bias: biasOf(k_proj), v_bias: biasOf(v_proj) } : {}),
      ...(biases?.output === true ? { o_bias: biasOf(o_proj) } : {}),
      ...(biases?.mlp === true ? { gate_bias: biasOf(gate_proj), up_bias: biasOf(up_proj), down_bias: biasOf(down_proj) } : {}),
    },
    outer: { norm: vector('model.norm', 'output_norm') },
    head: tiedEmbeddings ? null : { name: 'lm_head.weight', gguf: 'output.weight', shape: [vocabularySize, hiddenSize] },
  };
}

/** Norms of each head of queries and keys. */
export function headNormLayout({ headDim }: RotaryDecoderConfig): { readonly [K in HeadNormKey]: TensorEntry } {
  return {
    q_norm: { name: 'self_attn.q_norm.weight', gguf: 'attn_q_norm.weight', shape: [headDim] },
    k_norm: { name: 'self_attn.k_norm.weight', gguf: 'attn_k_norm.weight', shape: [headDim] },
  };
}

/** The bias that belongs to a linear layer's matrix. */
export function biasOf({ name, gguf, shape: [out = 0] }: TensorEntry): TensorEntry {
  return { name: name.replace(/weight$/, 'bias'), gguf: gguf.replace(/weight$/, 'bias'), shape: [out] };
}

/** llama.cpp interleaves the rows of q and k of some families (`LlamaModel.permute` of convert_hf_to_gguf.py), and their biases. */
export function permutedInGguf<L extends TensorLayout<RotaryDecoderLinear, RotaryDecoderNorm, 'norm'>>(
  layout: L,
  { heads, keyValueHeads }: RotaryDecoderConfig,
): L {
  const own = (entries: Readonly<Record<string, TensorEntry>>): Record<string, TensorEntry> =>
    Object.fromEntries(
      Object.entries(entries).map(([key, entry]) => {
        const count = /^q_(?:proj|bias)$/.test(key) ? heads : /^k_(?:proj|bias)$/.test(key) ? keyValueHeads : undefined;
        return [key, count === undefined ? entry : { ...entry, ggufPermutedHeads: count }];
      }),
    );
  return { ...layout, linears: own(layout.linears), layer: own(layout.layer) };
}

/** What files of these families may hold beside their tensors: tables that are computed, and a tied head that is stored twice. */
export function ignoresRotaryDecoder(name: string, { tiedEmbeddings }: RotaryDecoderConfig): boolean {
  return (
    name.endsWith('.rotary_emb.inv_freq') ||
    /^rope_(?:freqs|factors_(?:long|short))\.weight$/.test(name) ||
    (tiedEmbeddings && name === 'lm_head.weight')
  );
}

import type { TensorEntry, TensorLayout } from '../layout.js';
import type { RotaryDecoderConfig } from './config.js';

/** The linear layers of a block that Llama and its descendants have in common, in the order of the block. */
export type RotaryDecoderLinear = 'q_proj' | 'k_proj' | 'v_proj' | 'o_proj' | 'gate_proj' | 'up_proj' | 'down_proj';

/** The norms of such a block. */
export type RotaryDecoderNorm = 'input_layernorm' | 'post_attention_layernorm';

/** Biases of queries, keys and values, which some of the descendants add. */
export type AttentionBiasKey = 'q_bias' | 'k_bias' | 'v_bias';

/** The tensors of Llama, and of its descendants but for what those add. */
export function rotaryDecoderLayout(config: RotaryDecoderConfig): TensorLayout<RotaryDecoderLinear, RotaryDecoderNorm, 'norm'> {
  const { hiddenSize, intermediateSize, heads, keyValueHeads, headDim, vocabularySize, tiedEmbeddings } = config;
  const vector = (name: string, gguf: string): TensorEntry => ({ name: `${name}.weight`, gguf: `${gguf}.weight`, shape: [hiddenSize] });
  const matrix = (name: string, gguf: string, out: number, width: number): TensorEntry => ({
    name: `${name}.weight`,
    gguf: `${gguf}.weight`,
    shape: [out, width],
  });
  return {
    embedding: { name: 'model.embed_tokens.weight', gguf: 'token_embd.weight', shape: [vocabularySize, hiddenSize] },
    blocks: 'model.layers',
    linears: {
      q_proj: matrix('self_attn.q_proj', 'attn_q', heads * headDim, hiddenSize),
      k_proj: matrix('self_attn.k_proj', 'attn_k', keyValueHeads * headDim, hiddenSize),
      v_proj: matrix('self_attn.v_proj', 'attn_v', keyValueHeads * headDim, hiddenSize),
      o_proj: matrix('self_attn.o_proj', 'attn_output', hiddenSize, heads * headDim),
      gate_proj: matrix('mlp.gate_proj', 'ffn_gate', intermediateSize, hiddenSize),
      up_proj: matrix('mlp.up_proj', 'ffn_up', intermediateSize, hiddenSize),
      down_proj: matrix('mlp.down_proj', 'ffn_down', hiddenSize, intermediateSize),
    },
    layer: {
      input_layernorm: vector('input_layernorm', 'attn_norm'),
      post_attention_layernorm: vector('post_attention_layernorm', 'ffn_norm'),
    },
    outer: { norm: vector('model.norm', 'output_norm') },
    head: tiedEmbeddings ? null : { name: 'lm_head.weight', gguf: 'output.weight', shape: [vocabularySize, hiddenSize] },
  };
}

/** What files of these families may hold beside their tensors: tables that are computed, and a tied head that is stored twice. */
export function ignoresRotaryDecoder(name: string, { tiedEmbeddings }: RotaryDecoderConfig): boolean {
  return name.endsWith('.rotary_emb.inv_freq') || name === 'rope_freqs.weight' || (tiedEmbeddings && name === 'lm_head.weight');
}

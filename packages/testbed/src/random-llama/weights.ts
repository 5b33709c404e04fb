import type { Rng } from '@expctr/core';
import type { FloatTensor } from '@expctr/llm-lora';
import type { Architecture } from './architecture.js';

/**
 * Weights of a Llama by their Hugging Face names. Matrices are [out, in], normal with standard deviation 1/sqrt(in), so that
 * every layer keeps the size of what it gets; the embedding table, being the output head too, likewise; norms are 1.
 * Each tensor has a random stream of its own name.
 */
export function randomWeights(architecture: Architecture, vocabulary: number, rng: Rng): Map<string, FloatTensor> {
  const { hidden, layers, heads, keyValueHeads, intermediate, tied } = architecture;
  const keyValue = (hidden / heads) * keyValueHeads;
  const tensors = new Map<string, FloatTensor>();
  const ones = (name: string): void =>
    void tensors.set(name, { data: new Float32Array(hidden).fill(1), shape: [hidden], dtype: 'float32' });
  const matrix = (name: string, out: number, fanIn: number): void => {
    const own = rng.fork(name);
    const scale = 1 / Math.sqrt(fanIn);
    const data = Float32Array.from({ length: out * fanIn }, () => scale * own.normal());
    tensors.set(name, { data, shape: [out, fanIn], dtype: 'float32' });
  };
  matrix('model.embed_tokens.weight', vocabulary, hidden);
  for (let layer = 0; layer < layers; layer += 1) {
    const block = `model.layers.${layer}`;
    matrix(`${block}.self_attn.q_proj.weight`, hidden, hidden);
    matrix(`${block}.self_attn.k_proj.weight`, keyValue, hidden);
    matrix(`${block}.self_attn.v_proj.weight`, keyValue, hidden);
    matrix(`${block}.self_attn.o_proj.weight`, hidden, hidden);
    matrix(`${block}.mlp.gate_proj.weight`, intermediate, hidden);
    matrix(`${block}.mlp.up_proj.weight`, intermediate, hidden);
    matrix(`${block}.mlp.down_proj.weight`, hidden, intermediate);
    ones(`${block}.input_layernorm.weight`);
    ones(`${block}.post_attention_layernorm.weight`);
  }
  ones('model.norm.weight');
  if (!tied) matrix('lm_head.weight', vocabulary, hidden);
  return tensors;
}

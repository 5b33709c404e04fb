import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FloatTensor } from '../../src/formats/host-tensor.js';
import { writeSafetensors, type WriteSafetensorsOptions } from '../../src/formats/safetensors/write.js';

/** config.json of a Llama with two layers and a few hundred weights. */
export const TINY = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_size: 8,
  intermediate_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 2,
  vocab_size: 10,
  max_position_embeddings: 32,
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  tie_word_embeddings: true,
  hidden_act: 'silu',
  bos_token_id: 1,
  eos_token_id: 2,
};

/** Its weights: small multiples of 1/8, which every reduced type holds exactly. */
export function tinyTensors(): Map<string, FloatTensor> {
  const shapes: [string, number[]][] = [['model.embed_tokens.weight', [10, 8]], ['model.norm.weight', [8]]]; // prettier-ignore
  for (const layer of [0, 1]) {
    const matrices = { 'self_attn.q_proj': [8, 8], 'self_attn.k_proj': [4, 8], 'self_attn.v_proj': [4, 8], 'self_attn.o_proj': [8, 8], 'mlp.gate_proj': [12, 8], 'mlp.up_proj': [12, 8], 'mlp.down_proj': [8, 12], input_layernorm: [8], post_attention_layernorm: [8] }; // prettier-ignore
    for (const [name, shape] of Object.entries(matrices)) shapes.push([`model.layers.${layer}.${name}.weight`, shape]);
  }
  return new Map(
    shapes.map(([name, shape], index) => {
      const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => (((i * 7 + index * 3) % 33) - 16) / 8);
      return [name, { data, shape, dtype: 'float32' }];
    }),
  );
}

/** Writes config.json and model.safetensors, with changes. */
export async function writeTinyModel(
  folder: string,
  {
    config = {},
    tensors = tinyTensors(),
    ...options
  }: { config?: Record<string, unknown>; tensors?: Map<string, FloatTensor> } & WriteSafetensorsOptions = {},
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), JSON.stringify({ ...TINY, ...config }));
  await writeSafetensors(join(folder, 'model.safetensors'), tensors, options);
}

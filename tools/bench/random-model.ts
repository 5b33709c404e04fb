// Models of the sizes that people have, with random weights: what they take in memory and time does not depend on the numbers.
import { copyFile, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRng } from '@expctr/core';

interface Shape {
  readonly model_type: string;
  readonly architectures: readonly string[];
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly vocab_size: number;
  readonly rope_theta: number;
}

/** Hyperparameters as the models' own config.json have them. */
export const RANDOM_MODELS: Readonly<Record<string, Shape>> = {
  'qwen2.5-0.5b': {
    model_type: 'qwen2',
    architectures: ['Qwen2ForCausalLM'],
    hidden_size: 896,
    intermediate_size: 4864,
    num_hidden_layers: 24,
    num_attention_heads: 14,
    num_key_value_heads: 2,
    vocab_size: 151936,
    rope_theta: 1e6,
  },
  'llama-3.2-1b': {
    model_type: 'llama',
    architectures: ['LlamaForCausalLM'],
    hidden_size: 2048,
    intermediate_size: 8192,
    num_hidden_layers: 16,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    vocab_size: 128256,
    rope_theta: 5e5,
  },
};

const DEVIATION = 0.02;
/** Numbers drawn; matrices repeat them. */
const DRAWN = 1 << 20;

/** Writes a model into an empty folder, bfloat16 with a tied head, and gives back how many parameters it has. */
export async function writeRandomModel(shape: Shape, folder: string): Promise<number> {
  const common = { hidden_act: 'silu', rms_norm_eps: 1e-6, tie_word_embeddings: true, max_position_embeddings: 32768, dtype: 'bfloat16' };
  const ends = { bos_token_id: 1, eos_token_id: 2, pad_token_id: 0 };
  await writeFile(join(folder, 'config.json'), JSON.stringify({ ...common, ...ends, ...shape }));
  for (const name of ['tokenizer.json', 'tokenizer_config.json'])
    await copyFile(join(import.meta.dirname, '../../packages/testbed/model', name), join(folder, name));

  const tensors = tensorsOf(shape);
  const sizes = tensors.map(([, dims]) => dims.reduce((size, each) => size * each, 1));
  const header: Record<string, { dtype: 'BF16'; shape: readonly number[]; data_offsets: [number, number] }> = {};
  let end = 0;
  tensors.forEach(([name, dims], at) => {
    const begin = end;
    end += 2 * sizes[at]!;
    header[name] = { dtype: 'BF16', shape: dims, data_offsets: [begin, end] };
  });
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const [drawn, ones] = [draws(), bfloat16(new Float32Array(DRAWN).fill(1))];
  const file = await open(join(folder, 'model.safetensors'), 'wx');
  try {
    await file.writeFile(Buffer.concat([length, text]));
    for (const [at, [name]] of tensors.entries()) {
      const numbers = name.endsWith('norm.weight') ? ones : drawn;
      for (let left = sizes[at]!; left > 0; left -= DRAWN) await file.writeFile(numbers.subarray(0, 2 * Math.min(left, DRAWN)));
    }
  } finally {
    await file.close();
  }
  return sizes.reduce((sum, size) => sum + size, 0);
}

function tensorsOf(shape: Shape): [name: string, dims: readonly number[]][] {
  const { hidden_size: hidden, intermediate_size: inner, num_hidden_layers: layers } = shape;
  const keys = (hidden / shape.num_attention_heads) * shape.num_key_value_heads;
  const widths = { q_proj: hidden, k_proj: keys, v_proj: keys };
  const layer = (at: number): [string, readonly number[]][] =>
    [
      ['input_layernorm.weight', [hidden]],
      ...Object.entries(widths).flatMap(([name, width]): [string, readonly number[]][] => [
        [`self_attn.${name}.weight`, [width, hidden]],
        ...(shape.model_type === 'qwen2' ? ([[`self_attn.${name}.bias`, [width]]] as [string, readonly number[]][]) : []),
      ]),
      ['self_attn.o_proj.weight', [hidden, hidden]],
      ['post_attention_layernorm.weight', [hidden]],
      ['mlp.gate_proj.weight', [inner, hidden]],
      ['mlp.up_proj.weight', [inner, hidden]],
      ['mlp.down_proj.weight', [hidden, inner]],
    ].map(([name, dims]) => [`model.layers.${at}.${name as string}`, dims as readonly number[]]);
  return [
    ['model.embed_tokens.weight', [shape.vocab_size, hidden]],
    ...Array.from({ length: layers }, (_, at) => layer(at)).flat(),
    ['model.norm.weight', [hidden]],
  ];
}

function draws(): Buffer {
  const rng = createRng('random-model');
  return bfloat16(Float32Array.from({ length: DRAWN }, () => DEVIATION * rng.normal()));
}

/** The upper half of each number's bits, little-endian. */
function bfloat16(numbers: Float32Array): Buffer {
  const bits = new Uint32Array(numbers.buffer);
  return Buffer.from(Uint16Array.from(bits, (each) => each >>> 16).buffer);
}

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import { writeSafetensors } from '@expctr/llm-lora';

const CONFIG = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  num_key_value_heads: 2,
  vocab_size: 48,
  max_position_embeddings: 96,
  rms_norm_eps: 1e-5,
  rope_theta: 10_000,
  tie_word_embeddings: true,
  hidden_act: 'silu',
  bos_token_id: 1,
  eos_token_id: 2,
};
const SHAPES: Readonly<Record<string, readonly number[]>> = {
  'self_attn.q_proj': [16, 16],
  'self_attn.k_proj': [16, 16],
  'self_attn.v_proj': [16, 16],
  'self_attn.o_proj': [16, 16],
  'mlp.gate_proj': [24, 16],
  'mlp.up_proj': [24, 16],
  'mlp.down_proj': [16, 24],
  input_layernorm: [16],
  post_attention_layernorm: [16],
};

/** Markup of a chat in which each turn ends with `</s>`. */
const CHAT =
  "{% for m in messages %}<s>{{ m['role'] }}|{{ m['content'] }}</s>{% endfor %}{% if add_generation_prompt %}<s>assistant|{% endif %}";

/** Writes a Llama of one block with random weights whose tokens are letters, with a chat template. */
export async function writeTinyModel(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const tensor = (name: string, shape: readonly number[]) => {
    const rng = createRng(['tiny', name]);
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => (shape.length === 1 ? 1 : 0) + 0.4 * rng.normal());
    return [name, { data, shape, dtype: 'float32' as const }] as const;
  };
  const tensors = new Map([
    tensor('model.embed_tokens.weight', [48, 16]),
    tensor('model.norm.weight', [16]),
    ...Object.entries(SHAPES).map(([name, shape]) => tensor(`model.layers.0.${name}.weight`, shape)),
  ]);
  await writeSafetensors(join(folder, 'model.safetensors'), tensors, { metadata: { format: 'pt' } });
  const words = ['<unk>', '<s>', '</s>', '▁', ...'abcdefghijklmnopqrstuvwxyz|.,{}":0123456789'];
  const added = (id: number) => ({
    id,
    content: words[id]!,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  });
  const metaspace = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: false };
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [0, 1, 2].map(added),
    normalizer: null,
    pre_tokenizer: metaspace,
    post_processor: null,
    decoder: metaspace,
    model: {
      ...{ type: 'BPE', dropout: null, unk_token: '<unk>', continuing_subword_prefix: null, end_of_word_suffix: null },
      ...{
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: false,
        vocab: Object.fromEntries(words.map((word, id) => [word, id])),
        merges: [],
      },
    },
  };
  const config = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: '<s>',
    eos_token: '</s>',
    unk_token: '<unk>',
    chat_template: CHAT,
  };
  for (const [name, value] of Object.entries({ 'config.json': CONFIG, 'tokenizer.json': tokenizer, 'tokenizer_config.json': config })) {
    await writeFile(join(folder, name), JSON.stringify(value));
  }
  return folder;
}

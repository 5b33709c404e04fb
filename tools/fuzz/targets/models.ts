import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Rng } from '@expctr/core';
import {
  cachedEncoder,
  createHashedEncoder,
  createTransformersEncoder,
  fitStaticTable,
  loadStaticTable,
  saveStaticTable,
} from '@expctr/encoder';
import {
  loadAdapter,
  loadCheckpoint,
  loadTokenizer,
  loraModules,
  openGguf,
  readSafetensors,
  saveAdapter,
  writeSafetensors,
  type LoraFactors,
} from '@expctr/llm-lora';
import { writeRandomLlama } from '@expctr/testbed';
import { compile, loadCompiled, spec, useOnnx, type HostTensor } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { sha256 } from '@expctr/core';
import { filesIn, ggufBytes, u64 } from '../bytes.js';
import { changeJson } from '../mutate.js';
import { promise, type Files, type Target } from '../target.js';

const TEXTS = ['a', 'Hello world', 'é 七 \u{1f44d}', '  x\n\t1234', '<s>user</s>'];
const SIZES = { seed: 1, hidden: 8, layers: 1, heads: 2, keyValueHeads: 1, intermediate: 8, vocabulary: 270, maxPositions: 32 };

async function modelFiles(folder: string): Promise<Files> {
  await writeRandomLlama(folder, SIZES);
  const { 'tokenizer_config.json': config, ...files } = filesIn(folder);
  const template =
    "{% for m in messages %}<s>{{ m['role'] }}: {{ m['content'] | trim }}</s>{% endfor %}{% if add_generation_prompt %}<s>assistant:{% endif %}";
  const withTemplate = { ...(JSON.parse(Buffer.from(config!).toString()) as object), chat_template: template };
  return { ...files, 'tokenizer_config.json': Buffer.from(JSON.stringify(withTemplate)) };
}

const filled = (shape: readonly number[]): { data: Float32Array; shape: readonly number[]; dtype: 'float32' } => ({
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.25),
  shape,
  dtype: 'float32',
});

function gguf(): Buffer {
  const matrix = (name: string, ...shape: number[]) => ({ name: `${name}.weight`, shape, data: filled(shape).data });
  const block = ['attn_norm', 'ffn_norm'].map((name) => matrix(`blk.0.${name}`, 8));
  const square = ['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_gate', 'ffn_up', 'ffn_down'].map((name) =>
    matrix(`blk.0.${name}`, 8, 8),
  );
  const llama = {
    block_count: 1,
    context_length: 32,
    embedding_length: 8,
    feed_forward_length: 8,
    'attention.head_count': 2,
    'attention.head_count_kv': 2,
    vocab_size: 4,
    'attention.layer_norm_rms_epsilon': 0.00001,
  };
  return ggufBytes(
    {
      'general.architecture': 'llama',
      ...Object.fromEntries(Object.entries(llama).map(([key, value]) => [`llama.${key}`, value])),
      'tokenizer.ggml.tokens': ['a', 'b', 'c', 'd'],
      'tokenizer.ggml.eos_token_id': 2,
    },
    [matrix('token_embd', 4, 8), matrix('output_norm', 8), ...block, ...square],
  );
}

/** Other JSON in the frame of a safetensors file. */
function changeHeader(bytes: Buffer, rng: Rng): Buffer {
  const end = 8 + Number(bytes.readBigUInt64LE(0));
  const json = changeJson(bytes.subarray(8, end), rng);
  return Buffer.concat([u64(json.length), json, bytes.subarray(end)]);
}

async function cacheFiles(folder: string): Promise<Files> {
  const encoder = cachedEncoder(createHashedEncoder({ dimension: 4 }), { path: folder });
  await encoder.encode(TEXTS);
  await encoder.dispose?.();
  return filesIn(folder);
}

/** A part of the embedding cache under the name that its content asks for, so that its check of damage passes. */
function renamed(folder: string): void {
  for (const [name, bytes] of Object.entries(filesIn(folder))) {
    if (!name.endsWith('.arrow')) continue;
    rmSync(join(folder, name));
    writeFileSync(join(folder, name, '..', `${sha256(bytes).slice(0, 32)}.arrow`), bytes);
  }
}

/** Readers of models: weights, configuration, tokenizers, adapters, encoders. */
export const modelsTargets: readonly Target[] = [
  {
    name: 'compiled-function',
    description: 'a saved compiled function',
    async samples(folder) {
      await useOnnx();
      const doubled = await compile((x: tf.Tensor) => tf.matMul(tf.mul(x, 2), tf.ones([3, 2])), [spec([2, 3])], {
        name: 'doubled',
      });
      mkdirSync(join(folder, 'saved'), { recursive: true });
      await doubled.save(join(folder, 'saved', 'x.onnx'));
      await doubled.dispose();
      return [filesIn(join(folder, 'saved'))];
    },
    async read(folder) {
      await useOnnx();
      const loaded = await loadCompiled<readonly [Float32Array], HostTensor>(join(folder, 'x.onnx'));
      const { data } = await loaded.run([Float32Array.of(1, 2, 3, 4, 5, 6)]);
      await loaded.dispose();
      promise([...data].join() === '12,12,30,30', 'a function that loads is the one that was saved');
    },
  },
  {
    name: 'safetensors',
    description: 'safetensors',
    async samples(folder) {
      const tensors = new Map([
        ['a', filled([2, 3])],
        ['b', filled([4])],
        ['c', filled([])],
      ] as const);
      for (const floats of ['F32', 'F16', 'BF16'] as const)
        await writeSafetensors(join(folder, floats, 'x.safetensors'), new Map(tensors), { floats, metadata: { format: 'pt' } });
      return ['F32', 'F16', 'BF16'].map((form) => filesIn(join(folder, form)));
    },
    inside: changeHeader,
    async read(folder) {
      const { tensors } = await readSafetensors(join(folder, 'x.safetensors'));
      for (const { data, shape } of tensors.values())
        promise(data.length === shape.reduce((a, b) => a * b, 1), 'a tensor has the values of its shape');
    },
  },
  {
    name: 'gguf',
    description: 'GGUF files',
    samples: () => Promise.resolve([{ 'x.gguf': gguf() }]),
    async read(folder) {
      const file = await openGguf(join(folder, 'x.gguf'));
      await file.close();
      await loadCheckpoint(join(folder, 'x.gguf'));
    },
  },
  {
    name: 'checkpoint',
    description: 'config.json, generation_config.json and weights of a model',
    async samples(folder) {
      const files = await modelFiles(folder);
      return [Object.fromEntries(Object.entries(files).filter(([name]) => !name.startsWith('tokenizer')))];
    },
    changes: (file) => file.endsWith('.json'),
    async read(folder) {
      const { config } = await loadCheckpoint(folder);
      promise(
        Object.values(config).every((value) => typeof value !== 'number' || Number.isFinite(value)),
        'sizes are finite',
      );
    },
  },
  {
    name: 'tokenizer',
    description: 'tokenizer.json, tokenizer_config.json and chat templates',
    async samples(folder) {
      const files = await modelFiles(folder);
      return [Object.fromEntries(Object.entries(files).filter(([name]) => name !== 'model.safetensors'))];
    },
    async read(folder) {
      const tokenizer = await loadTokenizer(folder);
      const ids = (encoded: ArrayLike<number>): void => {
        promise(
          Array.from(encoded).every((id) => Number.isInteger(id) && id >= 0 && id < tokenizer.vocabularySize),
          'ids are within the vocabulary',
        );
        promise(typeof tokenizer.decode(encoded) === 'string', 'ids have a text');
        promise(
          Array.from(encoded).every((id) => tokenizer.tokenBytes(id) instanceof Uint8Array),
          'ids have bytes',
        );
      };
      for (const text of TEXTS) {
        ids(tokenizer.encode({ form: 'completion', text }));
        ids(tokenizer.encodeText(text));
      }
      if (tokenizer.hasChatTemplate) ids(tokenizer.encode({ form: 'chat', messages: [{ role: 'user', content: 'Hi <s>' }] }));
      const special = [tokenizer.bosTokenId, tokenizer.padTokenId, ...tokenizer.eosTokenIds];
      promise(
        special.every((id) => id === null || (Number.isInteger(id) && id >= 0)),
        'special ids are ids',
      );
    },
  },
  {
    name: 'adapter',
    description: 'LoRA adapters in PEFT form',
    async samples(folder) {
      const factors: LoraFactors = { a: filled([2, 4]), b: filled([4, 2]) };
      const tensors = new Map([['layers.0.self_attn.q_proj', factors]]);
      await saveAdapter(join(folder, 'plain'), { config: { rank: 2, alpha: 4, targetModules: ['q_proj'] }, tensors });
      const patterns = {
        rankPattern: { '0\\..*': 2 },
        alphaPattern: { '.*(q|k)_proj': 3 },
        layersToTransform: [0],
        layersPattern: 'lay.*',
      };
      const decomposed = new Map([['layers.0.self_attn.q_proj', { ...factors, magnitude: filled([4]) }]]);
      const config = { rank: 3, alpha: 4, targetModules: ['q_proj'], excludeModules: /.*k_proj/, weightDecomposed: true, ...patterns };
      await saveAdapter(join(folder, 'patterns'), { config, tensors: decomposed });
      return [filesIn(join(folder, 'plain')), filesIn(join(folder, 'patterns'))];
    },
    async read(folder) {
      const { tensors, config } = await loadAdapter(folder);
      promise(
        [...loraModules(config, tensors.keys(), folder)].every(([module, { rank }]) => tensors.get(module)?.a.shape[0] === rank),
        'factors have the rank',
      );
    },
  },
  {
    name: 'static-encoder',
    description: 'tables of static encoders',
    async samples(folder) {
      const texts = Array.from(
        { length: 30 },
        (_, at) => `likes ${at % 3 === 0 ? 'horror' : 'drama'} avoids ${at % 2 === 0 ? 'war' : 'comedy'}`,
      );
      await saveStaticTable(join(folder, 'x.arrow'), fitStaticTable(texts, { dimension: 4 }));
      return [filesIn(folder)];
    },
    async read(folder) {
      const { features, vectors, dimension, origin } = await loadStaticTable(join(folder, 'x.arrow'));
      promise(vectors.length === features.length * dimension && origin.length === dimension, 'features have vectors');
      promise(vectors.every(Number.isFinite) && origin.every(Number.isFinite), 'vectors are finite');
    },
  },
  {
    name: 'embedding-cache',
    description: 'caches of encoders',
    samples: async (folder) => [await cacheFiles(folder)],
    async read(folder) {
      renamed(folder);
      const encoder = cachedEncoder(createHashedEncoder({ dimension: 4 }), { path: folder });
      const vectors = await encoder.encode(TEXTS);
      promise(vectors.length === 4 * TEXTS.length && vectors.every(Number.isFinite), 'texts have vectors');
    },
  },
  {
    name: 'sentence-model',
    description: 'settings of a sentence-transformers folder',
    async samples(folder) {
      const { 'tokenizer.json': tokenizer, 'tokenizer_config.json': config } = await modelFiles(folder);
      const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
      return [
        {
          'config.json': json({ model_type: 'bert', hidden_size: 8 }),
          'tokenizer.json': tokenizer!,
          'tokenizer_config.json': config!,
          'modules.json': json([
            { idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' },
            { idx: 1, name: '1', path: '1_Pooling', type: 'sentence_transformers.models.Pooling' },
          ]),
          '1_Pooling/config.json': json({ word_embedding_dimension: 8, pooling_mode_mean_tokens: true, pooling_mode_cls_token: false }),
          'sentence_bert_config.json': json({ max_seq_length: 64, do_lower_case: true }),
          'config_sentence_transformers.json': json({ prompts: { query: 'q: ' }, default_prompt_name: null }),
          'onnx/model.onnx': Buffer.from('no model'),
        },
      ];
    },
    isWhole: false,
    changes: (file) => !file.endsWith('.onnx') && !file.startsWith('tokenizer'),
    async read(folder) {
      await createTransformersEncoder(folder);
    },
  },
];

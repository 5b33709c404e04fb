import { modelAsset } from '@expctr/test-support';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { loadCheckpoint } from '../../src/formats/checkpoint.js';
import { writeSafetensors } from '../../src/formats/safetensors/write.js';
import { failure } from './failure.js';
import { fixture, temporaryFolder } from './temporary-folder.js';
import { tinyTensors, writeTinyModel } from './tiny-model.js';

const path = temporaryFolder();
const stories = modelAsset('stories260K');

test.skipIf(stories.missing)('stories260K loads with its configuration and its weights', async () => {
  const { config, tensors, source } = await loadCheckpoint(stories.path);
  expect(source).toBe(stories.path);
  expect(config).toEqual({
    hiddenSize: 64,
    intermediateSize: 172,
    layers: 5,
    heads: 8,
    keyValueHeads: 4,
    headDim: 8,
    vocabularySize: 512,
    maxPositions: 512,
    normEpsilon: 1e-5,
    ropeTheta: 10_000,
    ropeScaling: null,
    tiedEmbeddings: true,
    bosTokenId: 1,
    eosTokenIds: [2],
  });
  expect(tensors.size).toBe(5 * 9 + 2);
  const file = await readFile(`${stories.path}/model.safetensors`);
  const start = 8 + Number(file.readBigUInt64LE(0));
  const embedding = tensors.get('model.embed_tokens.weight'); // the first tensor of the file
  expect(Buffer.from(embedding?.data.buffer ?? new ArrayBuffer(0))).toEqual(file.subarray(start, start + 512 * 64 * 4));
});

test.each(['F32', 'F16', 'BF16'] as const)('weights stored as %s are the same float32 weights', async (floats) => {
  await writeTinyModel(path(), { floats });
  expect((await loadCheckpoint(path())).tensors).toEqual(tinyTensors());
});

async function writeShards(): Promise<Record<string, string>> {
  await writeTinyModel(path());
  await rm(path('model.safetensors'));
  const halves = [[...tinyTensors()].slice(0, 9), [...tinyTensors()].slice(9)];
  const weight_map: Record<string, string> = {};
  for (const [index, half] of halves.entries()) {
    const name = `model-0000${index + 1}-of-00002.safetensors`;
    await writeSafetensors(path(name), new Map(half));
    for (const [tensor] of half) weight_map[tensor] = name;
  }
  await writeFile(path('model.safetensors.index.json'), JSON.stringify({ metadata: {}, weight_map }));
  return weight_map;
}

test('a sharded model is the same as one in a single file', async () => {
  await writeShards();
  expect((await loadCheckpoint(path())).tensors).toEqual(tinyTensors());
});

test('a missing shard is named, and what to download', async () => {
  await writeShards();
  await rm(path('model-00002-of-00002.safetensors'));
  const parts = ['model-00002-of-00002.safetensors', 'model.safetensors.index.json', 'download model-00002-of-00002.safetensors into'];
  await expect(loadCheckpoint(path())).rejects.toThrow(failure('SAFETENSORS_NOT_FOUND', ...parts));
});

test('a shard without a tensor that the index gives it is named with that tensor', async () => {
  const weight_map = { ...(await writeShards()), 'model.norm.weight': 'model-00002-of-00002.safetensors' };
  await writeFile(path('model.safetensors.index.json'), JSON.stringify({ weight_map }));
  await expect(loadCheckpoint(path())).rejects.toThrow(failure('SAFETENSORS_MISSING_TENSOR', 'model-00002', 'model.norm.weight'));
});

test.each([
  {},
  { weight_map: {} },
  { weight_map: { a: 1 } },
  { weight_map: { a: '../other.safetensors' } },
  { weight_map: { a: 'x.bin' } },
])('an index of %j is a typed error', async (index) => {
  await writeShards();
  await writeFile(path('model.safetensors.index.json'), JSON.stringify(index));
  await expect(loadCheckpoint(path())).rejects.toThrow(failure('SAFETENSORS_BAD_INDEX', 'model.safetensors.index.json'));
});

test('a model in a folder that is not there says what the folder should hold', async () => {
  await expect(loadCheckpoint(path('nowhere'))).rejects.toThrow(
    failure('CHECKPOINT_NOT_FOUND', 'nowhere', 'config.json and model.safetensors', 'download'),
  );
  await writeFile(path('model.txt'), 'x');
  await expect(loadCheckpoint(path('model.txt'))).rejects.toThrow(failure('CHECKPOINT_NOT_FOUND', 'model.txt', 'not a .gguf file'));
});

test('a folder without weights, or with weights of another format, says which are read', async () => {
  await writeTinyModel(path());
  await rm(path('model.safetensors'));
  await expect(loadCheckpoint(path())).rejects.toThrow(failure('CHECKPOINT_NO_WEIGHTS', 'no weights', '.gguf', 'download'));
  await writeFile(path('pytorch_model.bin'), 'x');
  await expect(loadCheckpoint(path())).rejects.toThrow(failure('CHECKPOINT_NO_WEIGHTS', 'pytorch_model.bin', 'save_pretrained'));
});

test('weights without config.json are refused', async () => {
  await writeTinyModel(path());
  await rm(path('config.json'));
  await expect(loadCheckpoint(path())).rejects.toThrow(failure('CHECKPOINT_NO_CONFIG', 'config.json'));
});

test('several GGUF files in a folder are all named', async () => {
  await mkdir(path('two'));
  for (const name of ['a.gguf', 'b.gguf']) await writeFile(path('two', name), await readFile(fixture('tiny-llama.gguf')));
  await expect(loadCheckpoint(path('two'))).rejects.toThrow(failure('CHECKPOINT_AMBIGUOUS', '2 .gguf files', 'a.gguf', 'b.gguf'));
  expect((await loadCheckpoint(path('two', 'a.gguf'))).config.layers).toBe(2);
});

test('a truncated safetensors file is a typed error that names file and tensor', async () => {
  await writeTinyModel(path());
  const bytes = await readFile(path('model.safetensors'));
  await writeFile(path('model.safetensors'), bytes.subarray(0, bytes.length - 1));
  await expect(loadCheckpoint(path())).rejects.toThrow(failure('SAFETENSORS_TRUNCATED', 'model.safetensors, tensor', 'fetch'));
});

test('a tensor that is missing, of another shape or of no use is named with what config.json asks for', async () => {
  const without = tinyTensors();
  without.delete('model.layers.1.mlp.up_proj.weight');
  await writeTinyModel(path('a'), { tensors: without });
  await expect(loadCheckpoint(path('a'))).rejects.toThrow(
    failure('CHECKPOINT_MISSING_TENSOR', 'model.layers.1.mlp.up_proj.weight', '[12, 8]'),
  );
  await writeTinyModel(path('b'), { config: { vocab_size: 11 } });
  await expect(loadCheckpoint(path('b'))).rejects.toThrow(
    failure('CHECKPOINT_WRONG_SHAPE', 'model.embed_tokens.weight', '[10, 8]', '[11, 8]'),
  );
  const bias = { data: new Float32Array(8), shape: [8], dtype: 'float32' as const };
  await writeTinyModel(path('c'), { tensors: tinyTensors().set('model.layers.0.self_attn.q_proj.bias', bias) });
  await expect(loadCheckpoint(path('c'))).rejects.toThrow(failure('CHECKPOINT_UNKNOWN_TENSOR', 'model.layers.0.self_attn.q_proj.bias'));
});

test('an untied head is required where the configuration says so', async () => {
  const head = { data: new Float32Array(80).fill(3), shape: [10, 8], dtype: 'float32' as const };
  await writeTinyModel(path('a'), { config: { tie_word_embeddings: false } });
  await expect(loadCheckpoint(path('a'))).rejects.toThrow(failure('CHECKPOINT_MISSING_TENSOR', 'lm_head.weight'));
  await writeTinyModel(path('b'), { tensors: tinyTensors().set('lm_head.weight', head), config: { tie_word_embeddings: false } });
  expect((await loadCheckpoint(path('b'))).tensors.get('lm_head.weight')).toEqual(head);
});

test.each([NaN, Infinity, -Infinity])('%d in the weights is refused by the name of its tensor', async (value) => {
  const name = 'model.layers.1.mlp.up_proj.weight';
  const tensors = tinyTensors();
  const tensor = tensors.get(name)!;
  await writeTinyModel(path('model'), { tensors: tensors.set(name, { ...tensor, data: tensor.data.with(-1, value) }) });
  await expect(loadCheckpoint(path('model'))).rejects.toThrow(failure('CHECKPOINT_NOT_FINITE', 'model.safetensors', name, String(value)));
});

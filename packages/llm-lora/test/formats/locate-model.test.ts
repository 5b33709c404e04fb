import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeHub, type FakeHub } from '@expctr/test-support';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadCausalLM, loadCheckpoint, loadTokenizer, locateModel } from '../../src/index.js';

let server: FakeHub;
let folder = '';
const options = () => ({ endpoint: server.url, cacheDir: folder, pauseMs: 1 });
const index = (names: readonly string[]) => JSON.stringify({ weight_map: Object.fromEntries(names.map((name, at) => [`t${at}`, name])) });
const two = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];

beforeEach(async () => {
  server = await startFakeHub();
  folder = await mkdtemp(join(tmpdir(), 'expctr-locate-'));
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const located = async (files: readonly string[], contents: Readonly<Record<string, string>> = {}) => {
  server.publish('org/model', Object.fromEntries(files.map((name) => [name, contents[name] ?? name])));
  const { path } = await locateModel('org/model', options());
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
};
const common = ['config.json', 'tokenizer.json'];

test.each<[string, readonly string[], readonly string[]]>([
  ['one file', ['model.safetensors'], []],
  [
    'what says how texts are made',
    ['chat_template.jinja', 'generation_config.json', 'model.safetensors', 'special_tokens_map.json', 'tokenizer_config.json'],
    [],
  ],
  [
    'nothing that is not read',
    ['model.safetensors'],
    [
      'README.md',
      'onnx/model.onnx',
      'pytorch_model.bin',
      'consolidated.safetensors',
      'training_args.bin',
      'vocab.json',
      'original/config.json',
    ],
  ],
  ['one file where there is an index, too', ['model.safetensors'], ['model.safetensors.index.json', ...two]],
  ['the files of an index', ['model.safetensors.index.json', ...two], ['model-00003-of-00002.safetensors']],
  ['the only GGUF file', ['weights-q8_0.gguf'], ['README.md']],
])('of a model on the hub come: %s', async (_, wanted, others) => {
  const contents = { 'model.safetensors.index.json': index(two) };
  expect(await located([...common, ...wanted, ...others], contents)).toEqual([...common, ...wanted].sort());
});

test.each<[string, readonly string[], string]>([
  ['no tokenizer', ['config.json', 'model.safetensors', 'vocab.json'], 'tokenizer.json'],
  ['no configuration', ['tokenizer.json', 'model.safetensors'], 'config.json'],
  ['weights of another kind', [...common, 'pytorch_model.bin'], 'pytorch_model.bin'],
  ['several GGUF files', [...common, 'a.gguf', 'b.gguf'], 'a.gguf, b.gguf'],
  ['nothing', [], 'tokenizer.json'],
])('%s is said before anything is fetched', async (_, files, word) => {
  await expect(located(files)).rejects.toMatchObject({ code: 'HUB_FILE_MISSING', message: expect.stringContaining(word) as string });
  expect(server.requests).toHaveLength(1);
});

test.each([['../../../x.safetensors'], ['gone.safetensors']])('an index that names %s is refused', async (name) => {
  const files = [...common, 'model.safetensors.index.json', two[0]!];
  await expect(located(files, { 'model.safetensors.index.json': index([two[0]!, name]) })).rejects.toMatchObject({
    code: 'HUB_FILE_MISSING',
  });
});

test('what is here comes before the hub, and a path that is no id never goes there', async () => {
  expect(await locateModel(folder, options())).toEqual({ path: folder, name: folder });
  await expect(loadCheckpoint(join(folder, 'none'), { hub: options() })).rejects.toMatchObject({ code: 'CHECKPOINT_NOT_FOUND' });
  await expect(loadTokenizer('./none', { hub: options() })).rejects.toMatchObject({ code: 'TOKENIZER_NOT_FOUND' });
  await expect(loadCausalLM('models/none.gguf', { hub: options() })).rejects.toMatchObject({ code: 'CHECKPOINT_NOT_FOUND' });
  expect(server.requests).toEqual([]);
});

test('the name of what was found names the same for ever', async () => {
  await located([...common, 'model.safetensors']);
  const { name, revision } = await locateModel('org/model', options());
  expect(name).toBe(`org/model@${server.commit('org/model')}`);
  server.publish('org/model', { 'config.json': 'other', 'tokenizer.json': '', 'model.safetensors': '' });
  const again = await locateModel(name, { ...options(), offline: true });
  expect(again).toMatchObject({ name, revision });
  expect(await readFile(join(again.path, 'config.json'), 'utf8')).toBe('config.json');
});

test('of a tokenizer only its own files come; the weights follow when they are asked for', async () => {
  server.publish('org/model', { 'tokenizer.json': '{}', 'tokenizer_config.json': '{}', 'config.json': '{}', 'model.safetensors': 'x' });
  await expect(loadTokenizer('org/model', { hub: options() })).rejects.toMatchObject({
    code: 'TOKENIZER_UNSUPPORTED',
    where: expect.stringContaining('tokenizer.json') as string,
  });
  expect(server.requests.some(({ path }) => path.endsWith('model.safetensors'))).toBe(false);
  await expect(loadCheckpoint('org/model', { hub: options() })).rejects.toThrow();
  expect(server.requests.some(({ path }) => path.endsWith('model.safetensors'))).toBe(true);
});

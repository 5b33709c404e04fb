import { expect, test } from 'vitest';
import { familyOf } from '../src/transformers/families.js';
import { readSentenceTransformersFiles } from '../src/transformers/sentence-transformers-files.js';

const modules = (...types: readonly string[]): string =>
  JSON.stringify(types.map((type, idx) => ({ idx, name: String(idx), path: idx === 0 ? '' : `${idx}_${type.split('.').at(-1)}`, type })));
const read = (files: Readonly<Record<string, string>>) => readSentenceTransformersFiles((name) => Promise.resolve(files[name]));
const OLD = 'sentence_transformers.models';

test('a model without modules.json says nothing', async () => {
  expect(await read({ 'config.json': '{}' })).toBeUndefined();
});

test('the older flags and the newer pooling_mode mean the same', async () => {
  const types = modules(`${OLD}.Transformer`, `${OLD}.Pooling`, `${OLD}.Normalize`);
  const old = { 'modules.json': types, '1_Pooling/config.json': '{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}' };
  const recent = { 'modules.json': types, '1_Pooling/config.json': '{"embedding_dimension": 8, "pooling_mode": "cls"}' };
  expect(await read(old)).toEqual({ pooling: ['cls'], includePrompt: true, normalize: true });
  expect(await read(recent)).toEqual(await read(old));
});

test('without a Normalize module vectors keep their length; two modes are concatenated; include_prompt is read', async () => {
  const settings = await read({
    'modules.json': modules('sentence_transformers.base.modules.transformer.Transformer', 'sentence_transformers.x.Pooling'),
    '1_Pooling/config.json': '{"pooling_mode": ["cls", "mean"], "include_prompt": false}',
  });
  expect(settings).toEqual({ pooling: ['cls', 'mean'], includePrompt: false, normalize: false });
});

test('a module that changes vectors in another way is refused by name', async () => {
  const files = { 'modules.json': modules(`${OLD}.Transformer`, `${OLD}.Pooling`, `${OLD}.Dense`), '1_Pooling/config.json': '{}' };
  await expect(read(files)).rejects.toMatchObject({
    code: 'ENCODER_UNSUPPORTED_MODULE',
    message: expect.stringContaining('Dense') as string,
  });
});

test.each([
  [{ 'modules.json': '[{' }, 'modules.json'],
  [{ 'modules.json': '{}' }, 'modules.json'],
  [{ 'modules.json': modules(`${OLD}.Transformer`) }, 'modules.json'],
  [{ 'modules.json': modules(`${OLD}.Transformer`, `${OLD}.Pooling`) }, '1_Pooling/config.json'],
  [
    { 'modules.json': modules(`${OLD}.Transformer`, `${OLD}.Pooling`), '1_Pooling/config.json': '{"pooling_mode":"sum"}' },
    '1_Pooling/config.json',
  ],
  [
    { 'modules.json': modules(`${OLD}.Transformer`, `${OLD}.Pooling`), '1_Pooling/config.json': '{"include_prompt":"no"}' },
    '1_Pooling/config.json',
  ],
])('a file that cannot be used is named: %j', async (files, where) => {
  await expect(read(files as Record<string, string>)).rejects.toMatchObject({ code: 'ENCODER_DAMAGED_FILE', where });
});

test.each([
  ['bge-small-en-v1.5', 'BGE', 'cls'],
  ['bge-m3', 'BGE', 'cls'],
  ['all-MiniLM-L6-v2', 'MiniLM', 'mean'],
  ['paraphrase-multilingual-MiniLM-L12-v2', 'MiniLM', 'mean'],
  ['multilingual-e5-small', 'E5', 'mean'],
])('%s belongs to %s and is pooled by %s', (name, family, pooling) => {
  expect(familyOf(name)).toMatchObject({ name: family, pooling, normalize: true });
});

test.each(['e5-mistral-7b-instruct', 'bge-reranker-base', 'my-encoder', 'all-mpnet-base-v2'])(
  '%s belongs to no family of the table',
  (name) => {
    expect(familyOf(name)).toBeUndefined();
  },
);

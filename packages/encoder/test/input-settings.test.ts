import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTransformersEncoder, loadEncoder, type TransformersEncoderOptions } from '../src/index.js';
import { lowered, readInputSettings } from '../src/transformers/input-settings.js';
import { fixture, largestDifference, tinyModel } from './support.js';

type Files = Readonly<Record<string, unknown>>;
const read = (files: Files, folder = '', given: { prefix?: string; promptName?: string } = {}) =>
  readInputSettings((name) => Promise.resolve(name in files ? JSON.stringify(files[name]) : undefined), folder, {
    prefix: given.prefix,
    promptName: given.promptName,
  });
const PROMPTS = 'config_sentence_transformers.json';
const prompts = { prompts: { query: 'find: ', passage: 'text: ' }, default_prompt_name: 'passage' };

test('length and lowercasing come from the Transformer module’s file, under each of the names that it has had', async () => {
  expect(await read({})).toEqual({ maxTokens: undefined, lowercase: false, prefix: '' });
  const settings = { max_seq_length: 64, do_lower_case: true };
  for (const kind of ['bert', 'roberta', 'xlm-roberta'])
    expect(await read({ [`0_T/sentence_${kind}_config.json`]: settings }, '0_T/')).toMatchObject({ maxTokens: 64, lowercase: true });
  expect(await read({ 'sentence_bert_config.json': { max_seq_length: null } })).toMatchObject({ maxTokens: undefined });
});

test('a prompt asked for by text or by name goes before the model’s default one', async () => {
  const prefixOf = async (given?: { prefix?: string; promptName?: string }) => (await read({ [PROMPTS]: prompts }, '', given)).prefix;
  expect(await prefixOf()).toBe('text: ');
  expect(await prefixOf({ promptName: 'query' })).toBe('find: ');
  expect(await prefixOf({ promptName: 'document' })).toBe('');
  expect(await prefixOf({ prefix: '' })).toBe('');
  expect((await read({ [PROMPTS]: { ...prompts, default_prompt_name: null } })).prefix).toBe('');
  await expect(prefixOf({ promptName: 'clustering' })).rejects.toMatchObject({
    code: 'ENCODER_OPTION',
    message: expect.stringContaining('query, document, passage') as string,
  });
});

test.each<[Files, string]>([
  [{ 'sentence_bert_config.json': { do_lower_case: 'yes' } }, 'sentence_bert_config.json'],
  [{ 'sentence_bert_config.json': { max_seq_length: -1 } }, 'sentence_bert_config.json'],
  [{ 'sentence_bert_config.json': [] }, 'sentence_bert_config.json'],
  [{ [PROMPTS]: { prompts: { query: 3 } } }, PROMPTS],
  [{ [PROMPTS]: { ...prompts, default_prompt_name: 'clustering' } }, PROMPTS],
])('a file that cannot be used is named: %j', async (files, where) => {
  await expect(read(files)).rejects.toMatchObject({ code: 'ENCODER_DAMAGED_FILE', where });
});

test('letters are lowered one by one, as tokenizers do it', () => {
  expect(lowered('ΟΔΟΣ İ Ä𐐀')).toBe('οδοσ i̇ ä𐐨');
});

/** The made-up model with files of sentence-transformers, its tokenizer with or without a normalizer that lowers. */
async function model(files: Files, normalizer?: null): Promise<string> {
  const folder = await tinyModel('m');
  await mkdir(join(folder, '1_Pooling'));
  const modules = ['Transformer', 'Pooling', 'Normalize'].map((type, k) => ({ path: k === 1 ? '1_Pooling' : '', type: `m.${type}` }));
  const pooling = { pooling_mode_mean_tokens: true };
  for (const [name, content] of Object.entries({ 'modules.json': modules, '1_Pooling/config.json': pooling, ...files }))
    await writeFile(join(folder, name), JSON.stringify(content));
  if (normalizer === null) {
    const tokenizer = await fixture<object>('tiny-encoder/tokenizer.json');
    await writeFile(join(folder, 'tokenizer.json'), JSON.stringify({ ...tokenizer, normalizer }));
  }
  return folder;
}
async function encode(folder: string, text: string, options: TransformersEncoderOptions = {}): Promise<[Float32Array, string | undefined]> {
  const encoder = await createTransformersEncoder(folder, options);
  return [await encoder.encode([text]), encoder.identity];
}

test('do_lower_case lowers what the tokenizer would not, also where the pooling is given', async () => {
  const [lower, cased] = [await model({ 'sentence_bert_config.json': { do_lower_case: true } }, null), await model({}, null)];
  const [want] = await encode(cased, 'sad space opera');
  for (const options of [{}, { pooling: 'mean' } as const]) {
    expect((await encode(lower, 'Sad SPACE Opera', options))[0]).toEqual(want);
    expect((await encode(cased, 'Sad SPACE Opera', options))[0]).not.toEqual(want);
  }
  expect((await encode(lower, 'a'))[1]).toContain('"lowercase":true');
});

test('the default prompt stands before every text, and a named one in its place', async () => {
  const folder = await model({ [PROMPTS]: { prompts: { query: 'the user liked ', other: 'not ' }, default_prompt_name: 'query' } });
  const plain = async (text: string) => (await encode(folder, text, { prefix: '' }))[0];
  const [found, identity] = await encode(folder, 'war');
  expect(found).toEqual(await plain('the user liked war'));
  expect((await encode(folder, 'war', { promptName: 'other' }))[0]).toEqual(await plain('not war'));
  const named = await loadEncoder(folder, { promptName: 'other' });
  expect(await named.encode(['war'])).toEqual(await plain('not war'));
  const given = await loadEncoder(folder, { prefix: 'a ' });
  expect(await given.encode(['war'])).toEqual(await plain('a war'));
  expect(identity).not.toBe((await encode(folder, 'war', { prefix: '' }))[1]);
  await expect(encode(folder, 'war', { promptName: 'other', prefix: 'not ' })).rejects.toMatchObject({ code: 'ENCODER_OPTION' });
});

test('include_prompt false leaves the opening token and the prompt out of the mean, not out of the model', async () => {
  const folder = await model({ '1_Pooling/config.json': { pooling_mode_mean_tokens: true, include_prompt: false } });
  const encoder = await createTransformersEncoder(folder, { prefix: 'not ', normalize: false });
  const whole = await createTransformersEncoder(folder, { prefix: '', normalize: false, pooling: 'mean' });
  const last = await createTransformersEncoder(folder, { prefix: '', normalize: false, pooling: 'lasttoken' });
  const [behind, all, closing] = [await encoder.encode(['', 'sad']), await whole.encode(['not', 'not sad']), await last.encode(['not'])];
  expect(largestDifference(behind.subarray(0, 8), closing)).toBeLessThan(1e-6); // the closing token alone is left of no text
  expect(largestDifference(behind.subarray(8), all.subarray(8))).toBeGreaterThan(0.01);
  const plain = await createTransformersEncoder(folder, { normalize: false });
  expect(await plain.encode(['not sad'])).toEqual(all.subarray(8)); // without a prompt everything counts
});

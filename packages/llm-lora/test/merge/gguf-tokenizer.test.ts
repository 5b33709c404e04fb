import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openGguf } from '../../src/formats/gguf/open.js';
import { ggufTokenizer } from '../../src/merge/gguf-tokenizer.js';
import { preTokenizerName, spacePrefix } from '../../src/merge/gguf-pre-tokenizer.js';
import type { DecoderConfig } from '../../src/model/config.js';
import { failure } from '../formats/failure.js';
import { temporaryFolder } from '../formats/temporary-folder.js';
import { MODELS } from '../tokenizer/models.js';

const path = temporaryFolder();
const [stories, smol] = MODELS;

const config = (vocabularySize: number, ids: Partial<DecoderConfig> = {}): DecoderConfig => ({
  ...{ hiddenSize: 8, layers: 1, keyValueHeads: 1, headDim: 8, maxPositions: 8 },
  ...{ vocabularySize, bosTokenId: null, eosTokenIds: [] },
  ...ids,
});

test.skipIf(smol!.missing)("the tokenizer of SmolLM2 is what llama.cpp's converter wrote of it", async () => {
  const written = await ggufTokenizer(smol!.path, config(49_152, { bosTokenId: 1, eosTokenIds: [2] }));
  const file = await openGguf(join(smol!.path, 'SmolLM2-135M-Instruct.Q4_1.gguf'));
  await file.close();
  const plain = (value: (typeof written)[string] | undefined): unknown =>
    typeof value === 'object' ? Object.values(value as unknown as Record<string, unknown>)[0] : value;
  const keys = Object.keys(file.metadata).filter((key) => key.startsWith('tokenizer.') && key !== 'tokenizer.ggml.add_space_prefix');
  expect(keys.length).toBeGreaterThan(8);
  for (const key of keys) expect(JSON.stringify(plain(written[key])) === JSON.stringify(file.metadata[key]), key).toBe(true); // 49,152 tokens: no diff is wanted
});

test.skipIf(stories!.missing)('a tokenizer of SentencePiece has bytes, and scores by the order of merges', async () => {
  const written = await ggufTokenizer(stories!.path, config(514));
  const { strings: tokens } = written['tokenizer.ggml.tokens'] as { strings: string[] };
  const { int32s: types } = written['tokenizer.ggml.token_type'] as { int32s: number[] };
  const { float32s: scores } = written['tokenizer.ggml.scores'] as { float32s: number[] };
  expect([tokens.length, types.length, scores.length]).toEqual([514, 514, 514]);
  expect(types.slice(0, 4)).toEqual([2, 3, 3, 6]);
  expect([tokens[513], types[513]]).toEqual(['[PAD513]', 5]);
  const { model } = JSON.parse(await readFile(join(stories!.path, 'tokenizer.json'), 'utf8')) as { model: { merges: [string, string][] } };
  const scoreOf = (pair: readonly string[]): number => scores[tokens.indexOf(pair.join(''))]!;
  const order = model.merges.map(scoreOf);
  expect(order.slice(0, 3)).toEqual([0, -1, -2].map((score) => (score === 0 ? -0 : score)));
  expect(order.every((score, at) => at === 0 || score <= 0)).toBe(true);
  expect(scoreOf(['a'])).toBeLessThan(Math.min(...order.slice(0, 50)));
  expect(written).toMatchObject({
    'tokenizer.ggml.model': 'llama',
    'tokenizer.ggml.add_bos_token': true,
    'tokenizer.ggml.add_space_prefix': true,
  });
});

describe('ways of splitting', () => {
  const WORDS =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  const split = (regex: string) => ({ type: 'Split', pattern: { Regex: regex }, behavior: 'Isolated', invert: false });
  const bytes = { type: 'ByteLevel', add_prefix_space: false, use_regex: false };
  const sequence = (...pretokenizers: unknown[]) => ({ type: 'Sequence', pretokenizers });
  const own = { ...bytes, use_regex: true };

  test.each<[string | null, object, boolean?, unknown?]>([
    ['llama-bpe', sequence(split(WORDS), bytes), true],
    ['dbrx', sequence(split(WORDS), bytes)],
    ['qwen2', sequence(split(WORDS.replace('{1,3}', '')), bytes), false, { type: 'NFC' }],
    ['gpt-2', own],
    ['smollm', sequence({ type: 'Digits', individual_digits: true }, own)],
    [null, sequence(split('\\w+'), bytes)],
    [null, sequence({ type: 'Digits', individual_digits: false }, own)],
    [null, { ...own, add_prefix_space: true }],
    [null, own, false, { type: 'Lowercase' }],
    [null, { type: 'Whitespace' }],
    [null, sequence()],
  ])('%s', (name, pre_tokenizer, ignore_merges = false, normalizer = null) => {
    expect(preTokenizerName({ normalizer, pre_tokenizer, model: { ignore_merges } })).toBe(name);
  });

  const spaces = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };
  test.each<[boolean | null, unknown, unknown]>([
    [true, { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, spaces] }, null],
    [false, spaces, { type: 'Split', pattern: { String: ' ' }, behavior: 'MergedWithPrevious' }],
    [true, null, { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: false }],
    [false, null, { type: 'Metaspace', replacement: '▁', prepend_scheme: 'never', split: false }],
    [null, null, { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: true }],
    [null, { type: 'NFKC' }, null],
    [null, null, null],
  ])('a space before a text: %s', (expected, normalizer, pre_tokenizer) => {
    expect(spacePrefix({ normalizer, pre_tokenizer, model: {} })).toBe(expected);
  });
});

test.each<[string, object]>([
  ['its algorithm is Unigram', { model: { type: 'Unigram', vocab: [] } }],
  ['splits texts', { pre_tokenizer: { type: 'Whitespace' }, model: { type: 'BPE', vocab: { a: 0 }, merges: [] } }],
  ['SentencePiece', { model: { type: 'BPE', vocab: { a: 0 }, merges: [], byte_fallback: true } }],
  ['the id 5 of 4', { model: { type: 'BPE', vocab: { a: 5 }, merges: [] } }],
])('what llama.cpp has no form for is an error: %s', async (part, json) => {
  await writeFile(path('tokenizer.json'), JSON.stringify(json));
  await expect(ggufTokenizer(path(), config(4))).rejects.toThrow(failure('GGUF_TOKENIZER', 'tokenizer.json', part, 'tokenizer: false'));
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkedIds } from '../../src/tokenizer/check-files.js';
import { TokenizerError } from '../../src/tokenizer/errors.js';
import { loadTokenizer } from '../../src/tokenizer/load-tokenizer.js';

let folder = '';
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'expctr-tokenizer-'))));
afterAll(() => rm(folder, { recursive: true }));

const whole = {
  added_tokens: [{ id: 0, content: '<s>', special: true }],
  normalizer: null,
  pre_tokenizer: null,
  post_processor: null,
  decoder: null,
  model: { type: 'BPE', unk_token: null, vocab: { '<s>': 0, a: 1, b: 2 } as Record<string, unknown>, merges: [] as unknown },
};

async function load(json: object): ReturnType<typeof loadTokenizer> {
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(json));
  return loadTokenizer(folder);
}
const unigram = (vocab: unknown, unk: unknown = 0): object => ({ ...whole, model: { type: 'Unigram', unk_id: unk, vocab } });
const withVocabulary = (vocab: object): object => ({ ...whole, model: { ...whole.model, vocab } });

test.each<[string, object, string]>([
  ['an id that is a text', withVocabulary({ a: '1' }), 'model.vocab["a"] is "1"'],
  ['an id that is null', withVocabulary({ a: null }), 'model.vocab["a"] is null'],
  ['a negative id', withVocabulary({ a: -1 }), 'model.vocab["a"] is -1'],
  ['half an id', withVocabulary({ a: 0.5 }), 'model.vocab["a"] is 0.5'],
  ['an id without end', withVocabulary({ a: 1e12 }), 'model.vocab["a"] is 1000000000000'],
  ['an added token without an id', { ...whole, added_tokens: [{ content: '<s>', special: true }] }, 'added_tokens[0] is {"content"'],
  ['an added token without a text', { ...whole, added_tokens: [{ id: 0, special: true }] }, 'added_tokens[0] is {"id":0'],
  ['added tokens that are no list', { ...whole, added_tokens: 7 }, 'added_tokens is 7'],
  ['a token without a score', unigram([['a', null]]), 'model.vocab[0] is ["a",null]'],
  ['a token that is no pair', unigram(['a']), 'model.vocab[0] is "a"'],
  ['an unknown token that is no id', unigram([['a', -1]], 'x'), 'model.unk_id is "x"'],
])('%s is refused by the name of its field', async (_, json, part) => {
  await expect(load(json)).rejects.toSatisfy(
    (error) => error instanceof TokenizerError && error.code === 'TOKENIZER_UNSUPPORTED' && error.message.includes(part),
  );
});

test('a text for which the vocabulary has no token is an error, never an id that is no number', async () => {
  const tokenizer = await load(whole);
  expect([...tokenizer.encodeText('ab')]).toEqual([1, 2]);
  expect([...tokenizer.encodeText('abc')]).toEqual([1, 2]); // BPE leaves out what it does not know, as in Python
  for (const ids of [[1, undefined], [NaN], [null], [-1], [1.5]]) {
    expect(() => checkedIds(ids, 'abc', 'x')).toThrow(expect.objectContaining({ code: 'TOKENIZER_NO_TOKEN' }) as Error);
  }
});

import { expect, test } from 'vitest';
import { letters } from './synthetic.js';

const model = { type: 'BPE', vocab: { a: 0, b: 1, '<unk>': 2 }, merges: [], continuing_subword_prefix: null, end_of_word_suffix: null };

test('the unknown token is the one that the model writes, wherever it stands', () => {
  const tokenizer = letters();
  expect(tokenizer.unknownTokenId).toBe(0);
  expect([...tokenizer.encodeText('a§')]).toContain(0);
  expect(letters({ added_tokens: [], model: { ...model, unk_token: '<unk>' } }).unknownTokenId).toBe(2);
  const unigram = { type: 'Unigram', unk_id: 1, vocab: [['▁', -1], ['<unk>', 0], ['a', -2]] }; // prettier-ignore
  expect(letters({ added_tokens: [], model: unigram }).unknownTokenId).toBe(1);
});

test('where the model writes none there is none, whatever the special tokens are called', () => {
  expect(letters({ model: { ...model, unk_token: null } }, { unk_token: '<unk>' }).unknownTokenId).toBeNull();
});

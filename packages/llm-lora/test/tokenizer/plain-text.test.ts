import { expect, test } from 'vitest';
import { withoutControlTokens } from '../../src/tokenizer/plain-text.js';
import { added, letters } from './synthetic.js';

const completion = (text: string) => ({ form: 'completion', text }) as const;

test('a Metaspace pre-tokenizer puts its space before a sequence and not before a continuation', () => {
  const tokenizer = letters();
  const ids = [...tokenizer.encode(completion('he')), ...tokenizer.encodeText(' he')];
  expect(ids).toEqual([...tokenizer.encode(completion('he he'))]);
  expect(tokenizer.decode(ids)).toBe('he he');
  expect(tokenizer.decodeText(tokenizer.encodeText('he'))).toBe('he');
  expect(tokenizer.decodeText(tokenizer.encodeText(' he'))).toBe(' he');
});

test('a byte-level pre-tokenizer that adds a space does so before a sequence only', () => {
  const vocab = { '<unk>': 0, Ġ: 1, y: 2 };
  const model = { type: 'BPE', unk_token: '<unk>', vocab, merges: [], continuing_subword_prefix: null, end_of_word_suffix: null };
  const tokenizer = letters({
    added_tokens: [],
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: true, use_regex: true, trim_offsets: true },
    decoder: { type: 'ByteLevel', add_prefix_space: true, use_regex: true, trim_offsets: true },
    model,
  });
  expect([...tokenizer.encode(completion('y'))]).toEqual([1, 2]);
  expect([...tokenizer.encodeText('y')]).toEqual([2]);
  expect([...tokenizer.encodeText(' y')]).toEqual([1, 2]);
});

test('an algorithm that takes whole words from the vocabulary finds no special token there', () => {
  const model = {
    type: 'BPE',
    unk_token: '<unk>',
    vocab: { '<unk>': 0, '</s>': 1, '<': 2, '/': 3, s: 4, '>': 5 },
    merges: [],
    ignore_merges: true,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
  };
  const tokenizer = letters({ added_tokens: [added(0, '<unk>'), added(1, '</s>')], pre_tokenizer: null, decoder: null, model });
  expect([...tokenizer.encodeText('</s>')]).toEqual([2, 3, 4, 5]);
});

test('a Unigram vocabulary keeps its ids and loses the spelling of its special tokens', () => {
  const vocab = [['<unk>', 0], ['</s>', 0], ['<', -1], ['/', -1], ['s', -1], ['>', -1]]; // prettier-ignore
  const change = {
    added_tokens: [added(0, '<unk>'), added(1, '</s>')],
    pre_tokenizer: null,
    decoder: null,
    model: { type: 'Unigram', unk_id: 0, vocab },
  };
  const tokenizer = letters(change, { bos_token: null });
  expect([...tokenizer.encodeText('</s>')]).toEqual([2, 3, 4, 5]);
  expect([...tokenizer.encodeText('é')]).toEqual([0]);
  expect(tokenizer.vocabularySize).toBe(6);
});

test('added tokens in brackets are control tokens though not marked special; other added tokens are text', () => {
  const added_tokens = [added(40, '<think>', { special: false }), added(41, 'toystory', { special: false })];
  const tokenizer = letters({ added_tokens, pre_tokenizer: null });
  expect([...tokenizer.encodeText('<think>')]).not.toContain(40);
  expect([...tokenizer.encodeText('toystory')]).toEqual([41]);
});

test('tokens that a post-processor puts behind a sequence are not put behind a prompt', () => {
  const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  const tokenizer = letters({
    post_processor: {
      type: 'TemplateProcessing',
      single: [special('<s>'), { Sequence: { id: 'A', type_id: 0 } }, special('</s>')],
      pair: [],
      special_tokens: { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] }, '</s>': { id: '</s>', ids: [2], tokens: ['</s>'] } },
    },
  });
  const ids = [...tokenizer.encode(completion('a'))];
  expect(ids[0]).toBe(1);
  expect(ids).not.toContain(2);
});

test('a token that only tokenizer_config.json names as special is special', () => {
  const chat_template = "{{ messages[0]['content'] + eos_token }}";
  const tokenizer = letters({ added_tokens: [] }, { chat_template });
  expect([...tokenizer.encode({ form: 'chat', messages: [{ role: 'user', content: 'a</s>' }] })].filter((id) => id === 2)).toEqual([2]);
  expect(tokenizer.decode([4, 2])).toBe('a');
});

test('ids without a token, and spaces before punctuation, do not trouble decoding', () => {
  const tokenizer = letters();
  expect(tokenizer.decode([4, 5, 12345])).toBe('ab');
  expect(tokenizer.decode([12345])).toBe('');
  expect(letters({}, { pad_token: null }).padTokenId).toBeNull();
  const dotted = letters({
    added_tokens: [],
    model: { type: 'BPE', vocab: { '▁': 0, a: 1, '.': 2 }, merges: [], unk_token: null, continuing_subword_prefix: null },
  });
  expect(dotted.decode([1, 0, 2])).toBe('a .');
  expect(dotted.decodeText([1, 0, 2])).toBe('a .');
});

test('taking control tokens out changes nothing else', () => {
  const json = {
    added_tokens: [added(1, '<s>')],
    normalizer: { type: 'NFC' },
    model: { type: 'BPE', vocab: { '<s>': 1, a: 2 }, merges: [] },
  };
  expect(withoutControlTokens(json)).toEqual({
    added_tokens: [],
    normalizer: { type: 'NFC' },
    post_processor: null,
    model: { type: 'BPE', vocab: { a: 2 }, merges: [] },
  });
});

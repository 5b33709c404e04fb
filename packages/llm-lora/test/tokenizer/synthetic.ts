import { PreTrainedTokenizer } from '@huggingface/transformers';
import { makeTokenizer } from '../../src/tokenizer/text-tokenizer.js';
import type { Tokenizer } from '@expctr/language-model';
import type { AddedTokenJson, TokenizerJson } from '../../src/tokenizer/tokenizer-json.js';

export const added = (id: number, content: string, rest: Partial<AddedTokenJson> = {}): AddedTokenJson => ({
  id,
  content,
  special: true,
  ...rest,
});

/** A tokenizer over single letters, the space mark U+2581 and a few words; unknown characters become `<unk>`. */
export function letters(change: Partial<TokenizerJson> = {}, config: Record<string, unknown> = {}): Tokenizer {
  const words = ['<unk>', '<s>', '</s>', '▁', ...'abcdefghijklmnopqrstuvwxyz<>|/_\n'.split(''), '▁yes', 'he', '</s>yes'];
  const vocab = Object.fromEntries(words.map((word, id) => [word, id]));
  const json: TokenizerJson = {
    added_tokens: [added(0, '<unk>'), added(1, '<s>'), added(2, '</s>')],
    normalizer: null,
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: false },
    post_processor: null,
    decoder: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: false },
    model: {
      type: 'BPE',
      unk_token: '<unk>',
      vocab,
      merges: ['h e'],
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      byte_fallback: false,
      ignore_merges: false,
    },
    ...change,
  };
  return makeTokenizer({ name: 'synthetic', json, config: { bos_token: '<s>', eos_token: '</s>', ...config } }, PreTrainedTokenizer);
}

/** A tokenizer whose first 256 tokens are the bytes (in the order of GPT-2's letters for them), then `<s>` and `</s>`. */
export function bytes(config: Record<string, unknown> = {}): Tokenizer {
  const all = Array.from({ length: 256 }, (_, byte) => byte);
  const prints = (byte: number): boolean => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  const others = all.filter((byte) => !prints(byte)).map((_, at) => String.fromCharCode(256 + at));
  const alphabet = [...all.filter(prints).map((byte) => String.fromCharCode(byte)), ...others];
  const level = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  const json: TokenizerJson = {
    added_tokens: [added(256, '<s>'), added(257, '</s>')],
    normalizer: null,
    pre_tokenizer: level,
    post_processor: null,
    decoder: level,
    model: { type: 'BPE', unk_token: null, vocab: Object.fromEntries(alphabet.map((letter, id) => [letter, id])), merges: [] },
  };
  return makeTokenizer({ name: 'bytes', json, config: { bos_token: '<s>', eos_token: '</s>', ...config } }, PreTrainedTokenizer);
}

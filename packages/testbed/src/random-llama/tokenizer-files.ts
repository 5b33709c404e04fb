import { byteAlphabet } from './byte-alphabet.js';
import type { Merge } from './byte-pair-encoding.js';

/** Special tokens; a token's id is its index. */
const SPECIAL = ['<pad>', '<s>', '</s>'] as const;
/** Id of the token that pads a batch. */
export const PAD_ID = 0;
/** Id of the token that begins a text. */
export const BOS_ID = 1;
/** Id of the token that ends a text. */
export const EOS_ID = 2;
/** Size of a vocabulary without any merge: special tokens and bytes. */
export const BASE_VOCABULARY = SPECIAL.length + byteAlphabet.length;

/** The content of tokenizer.json: byte-level BPE, `<s>` before every text, any text representable. */
export function tokenizerJson(merges: readonly Merge[]): object {
  const tokens = [...SPECIAL, ...[...byteAlphabet].sort(), ...merges.map(([left, right]) => left + right)];
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  const begin = { SpecialToken: { id: '<s>', type_id: 0 } };
  const sequence = (id: string): object => ({ Sequence: { id, type_id: 0 } });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: SPECIAL.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: {
      type: 'TemplateProcessing',
      single: [begin, sequence('A')],
      pair: [begin, sequence('A'), sequence('B')],
      special_tokens: { '<s>': { id: '<s>', ids: [BOS_ID], tokens: ['<s>'] } },
    },
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  };
}

/** The content of tokenizer_config.json. */
export function tokenizerConfig(maxPositions: number): object {
  return {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: '<s>',
    eos_token: '</s>',
    pad_token: '<pad>',
    model_max_length: maxPositions,
    clean_up_tokenization_spaces: false,
  };
}

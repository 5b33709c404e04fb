import { SPECIAL_TOKENS, tokenizerJson } from '../tokenizer-json.js';
import { byteAlphabet } from './byte-alphabet.js';
import type { Merge } from './byte-pair-encoding.js';

/** Size of a vocabulary without any merge: special tokens and bytes. */
export const BASE_VOCABULARY = SPECIAL_TOKENS.length + byteAlphabet.length;

/** tokenizer.json: byte-level BPE, any text representable. */
export function byteTokenizerJson(merges: readonly Merge[]): object {
  const tokens = [...SPECIAL_TOKENS, ...[...byteAlphabet].sort(), ...merges.map(([left, right]) => left + right)];
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  return tokenizerJson({
    special: SPECIAL_TOKENS,
    preTokenizer: byteLevel,
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
  });
}

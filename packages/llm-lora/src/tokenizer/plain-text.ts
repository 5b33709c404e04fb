import type { Part, TokenizerJson } from './tokenizer-json.js';
import { isControl, mapParts } from './tokenizer-json.js';

/**
 * The same tokenizer without a way to write control tokens: none is looked for in the text, and none is left in the
 * vocabulary, where an algorithm that takes whole words (`ignore_merges`, Unigram) would find it. Ids stay as they are.
 */
export function withoutControlTokens(json: TokenizerJson): TokenizerJson {
  const added = json.added_tokens ?? [];
  const control = new Set(added.filter(isControl).map(({ content }) => content));
  const unknown = json.model['unk_token'];
  if (typeof unknown === 'string') control.delete(unknown); // what unknown characters become; it is never matched as text
  return {
    ...json,
    added_tokens: added.filter((token) => !isControl(token)),
    post_processor: null,
    model: { ...json.model, vocab: withoutEntries(json.model.vocab, control) },
  };
}

function withoutEntries(vocabulary: unknown, names: ReadonlySet<string>): unknown {
  if (Array.isArray(vocabulary)) {
    // Unigram: [token, score] at the index that is its id, so an entry is renamed, to noncharacters that no text holds.
    const entries = vocabulary as readonly (readonly [string, number])[];
    return entries.map(([token, score], id) => (names.has(token) ? [`\uFDD0${id}\uFDD1`, score] : [token, score]));
  }
  return Object.fromEntries(Object.entries(vocabulary as Record<string, number>).filter(([token]) => !names.has(token)));
}

/**
 * The same tokenizer without what it puts in front of a text: SentencePiece's dummy space, as a normalizer (`Prepend`), a
 * pre-tokenizer (`Metaspace`) or a flag (`add_prefix_space`), and without the decoder's step that takes that space away.
 */
export function asContinuation(json: TokenizerJson): TokenizerJson {
  return {
    ...json,
    post_processor: null,
    normalizer: mapParts(json.normalizer, 'normalizers', (part) => (part['type'] === 'Prepend' ? null : part)),
    pre_tokenizer: mapParts(json.pre_tokenizer, 'pretokenizers', withoutPrefixSpace),
    decoder: mapParts(json.decoder, 'decoders', withSpacesKept),
  };
}

/** The same tokenizer for a stretch of text that follows a control token: a space is put in front only where every stretch gets one. */
export function afterControlToken(json: TokenizerJson): TokenizerJson {
  const never = (part: Part): Part =>
    part['type'] === 'Metaspace' && part['prepend_scheme'] === 'first'
      ? { ...part, add_prefix_space: false, prepend_scheme: 'never' }
      : part;
  return { ...json, pre_tokenizer: mapParts(json.pre_tokenizer, 'pretokenizers', never) };
}

function withoutPrefixSpace(part: Part): Part {
  if (part['type'] === 'Metaspace') return { ...part, add_prefix_space: false, prepend_scheme: 'never' };
  if (part['type'] === 'ByteLevel') return { ...part, add_prefix_space: false };
  return part;
}

function withSpacesKept(part: Part): Part | null {
  if (part['type'] === 'Strip' && part['content'] === ' ') return null;
  if (part['type'] === 'Metaspace') return { type: 'Replace', pattern: { String: part['replacement'] ?? '▁' }, content: ' ' };
  return part;
}

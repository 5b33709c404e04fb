import type { PreTrainedTokenizer } from '@huggingface/transformers';
import { EncoderError } from '../errors.js';
import { checkedIds } from './check-model-files.js';

/** A text as the model reads it. */
export interface TokenizedText {
  readonly ids: readonly number[];
  /** Whether tokens were cut from its end. */
  readonly truncated: boolean;
}

/** Turns a text into at most `maxTokens` ids, the model's own leading and closing tokens included. */
export type Tokenize = (text: string) => TokenizedText;

/** The tokens that the model wants around every text, such as [CLS] and [SEP]. */
export interface Frame {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/**
 * Truncation by cutting the *text's* tokens and framing them afterwards: a closing token is never cut, as it is by
 * transformers.js. Truncation and fixed padding written in tokenizer.json have no part in it.
 */
export function createTokenize(tokenizer: PreTrainedTokenizer, { before, after }: Frame, maxTokens: number): Tokenize {
  const room = maxTokens - before.length - after.length;
  return (text) => {
    const ids = checkedIds(tokenizer.encode(text, { add_special_tokens: false }));
    const truncated = ids.length > room;
    return { ids: [...before, ...(truncated ? ids.slice(0, room) : ids), ...after], truncated };
  };
}

/** @throws EncoderError `ENCODER_TOKENIZER` for a tokenizer that does not simply put tokens before and after a text. */
export function frameOf(tokenizer: PreTrainedTokenizer): Frame {
  const probe = 'a';
  const body = tokenizer.encode(probe, { add_special_tokens: false });
  const framed = checkedIds(tokenizer.encode(probe));
  for (let at = 0; at + body.length <= framed.length; at += 1) {
    if (body.every((id, k) => framed[at + k] === id)) return { before: framed.slice(0, at), after: framed.slice(at + body.length) };
  }
  throw new EncoderError('ENCODER_TOKENIZER', 'the tokenizer changes a text when it adds its special tokens', {
    where: 'tokenizer.json',
    expected: 'special tokens before and after the text',
    remedy: 'choose another model',
  });
}

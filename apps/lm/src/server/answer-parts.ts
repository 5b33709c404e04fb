import { RawData, type ServerEvent } from '@expctr/app-kit/http';
import type { Tokenizer } from '@expctr/language-model';
import type { AskedSampling } from './sampling.js';
import type { Written } from './write.js';

const utf8 = new TextDecoder();

/** Tokens of an answer. */
export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

/** @param prompts each counted once, however many texts go on from it */
export function usageOf(prompts: readonly (readonly number[])[], completionTokens: number): Usage {
  const promptTokens = prompts.reduce((sum, { length }) => sum + length, 0);
  return { prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: promptTokens + completionTokens };
}

/** The time as answers have it: seconds since 1970. */
export function now(): number {
  return Math.floor(Date.now() / 1000);
}

/** What ends a stream: the tokens, where they are asked for, and its last line. */
export function* lastEvents(head: object, asked: AskedSampling, usage: Usage): Generator<ServerEvent> {
  if (asked.withUsage) yield { data: { ...head, choices: [], usage } };
  yield { data: new RawData('[DONE]') };
}

/** The text of each token, with what stands between it and the word before. */
function piecesOf(tokens: readonly number[], tokenizer: Tokenizer): string[] {
  const { wordSeparator = '' } = tokenizer;
  const separates = (id: number, at: number): boolean => at > 0 && utf8.decode(tokenizer.tokenBytes(id)).startsWith(wordSeparator);
  return tokens.map((id, at) => (wordSeparator !== '' && separates(id, at) ? wordSeparator : '') + tokenizer.decodeText([id]));
}

/** Tokens as log-probabilities show them where ids are asked for. */
const idTexts = (tokens: readonly number[]): string[] => tokens.map((id) => `token_id:${id}`);

/** Log-probabilities of a completion, as `/v1/completions` has them: of the tokens that were drawn, and of no others. */
export function completionLogProbs({ tokens, logProbs }: Written, tokenizer: Tokenizer, asked: AskedSampling): object {
  const pieces = piecesOf(tokens, tokenizer);
  const texts = asked.tokensAsIds ? idTexts(tokens) : pieces;
  let at = 0;
  const offsets = pieces.map(({ length }) => {
    const offset = at;
    at += length;
    return offset;
  });
  return {
    tokens: texts,
    token_logprobs: logProbs,
    top_logprobs: texts.map((text, i) => ({ [text]: logProbs[i]! })),
    text_offset: offsets,
  };
}

/** The same as `/v1/chat/completions` has them. */
export function chatLogProbs({ tokens, logProbs }: Written, tokenizer: Tokenizer, asked: AskedSampling): object {
  const texts = asked.tokensAsIds ? idTexts(tokens) : piecesOf(tokens, tokenizer);
  return {
    content: tokens.map((id, i) => ({ token: texts[i]!, logprob: logProbs[i]!, bytes: [...tokenizer.tokenBytes(id)], top_logprobs: [] })),
  };
}

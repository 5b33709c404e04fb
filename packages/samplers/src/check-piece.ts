import { SamplerError, wrongAnswer } from './errors.js';
import type { Piece, PieceRequest } from './engine.js';

/** Above this a log-probability is no rounding error of one that is 0. */
const ROUNDING = 1e-3;

/**
 * Checks what a server says it sampled.
 * @param vocabulary token ids are below it; undefined = not known
 * @throws SamplerError `SAMPLER_ANSWER` for token ids, counts and log-probabilities that cannot be, `SAMPLER_CONTEXT` for a server that ran out of context
 */
export function checkPiece(where: string, piece: Piece, request: PieceRequest, vocabulary: number | undefined): void {
  const { tokens, logProbs, finish } = piece;
  const { maxNewTokens, stopTokenIds } = request;
  const bound = vocabulary ?? 0x80000000;
  const strange = tokens.find((token) => !Number.isInteger(token) || token < 0 || token >= bound);
  if (strange !== undefined) {
    throw wrongAnswer(where, `a completion holds the token id ${String(strange)}`, `integers from 0 to ${bound - 1}`);
  }
  if (tokens.length === 0 || tokens.length > maxNewTokens) {
    throw wrongAnswer(where, `a completion has ${tokens.length} tokens`, `1 to ${maxNewTokens}`);
  }
  if (logProbs.length !== tokens.length) {
    throw wrongAnswer(where, `${tokens.length} tokens come with ${logProbs.length} log-probabilities`, 'one for each token');
  }
  const wrong = logProbs.find((value) => typeof value !== 'number' || value > ROUNDING);
  if (wrong !== undefined) throw wrongAnswer(where, `a log-probability is ${String(wrong)}`, 'a number of at most 0');
  const passed = tokens.slice(0, -1).find((token) => stopTokenIds.includes(token));
  if (finish === 'length' && passed === undefined && tokens.length < maxNewTokens && !stopTokenIds.includes(tokens.at(-1)!)) {
    throw new SamplerError('SAMPLER_CONTEXT', `a completion of ${request.prompt.length} + ${tokens.length} tokens was cut off`, {
      where,
      expected: `room for ${request.prompt.length} + ${maxNewTokens} tokens`,
      remedy: 'start the server with a longer context, or ask for shorter prompts or completions',
    });
  }
}

import type { SamplingOptions, TokenIds } from '@expctr/language-model';
import { checkPiece } from './check-piece.js';
import type { Call, Engine, PieceRequest } from './engine.js';
import { seedOf } from './seeds.js';

/** One completion that is to be made. */
export interface Task {
  readonly prompt: TokenIds;
  readonly key: number | string;
  /** Which of the prompt's completions. */
  readonly completion: number;
  readonly options: SamplingOptions;
  readonly version: string | null;
}

/** One completion as it was made. */
export interface Made {
  readonly tokens: number[];
  readonly logProbs: number[];
  readonly finishReason: 'stop' | 'length';
}

/** What is asked of a server for a task's next tokens. */
export function pieceRequest({ prompt, key, completion, options, version }: Task, before: readonly number[], piece: number): PieceRequest {
  const { maxNewTokens, temperature = 1, topK, topP = 1, minP = 0, stopTokenIds, seed } = options;
  return {
    prompt: [...Array.from(prompt), ...before],
    maxNewTokens: maxNewTokens - before.length,
    temperature,
    topK: topK ?? null,
    topP,
    minP,
    stopTokenIds,
    seed: seedOf(seed, key, completion, piece),
    version,
  };
}

/**
 * A whole completion. A server ends also at tokens of its own, such as the model's end-of-sequence token, where a policy goes on
 * unless that is one of `stopTokenIds`: then it is asked for what follows. One that goes on after a stop token is cut there.
 */
export async function complete(engine: Engine, call: Call, task: Task, vocabulary: number | undefined): Promise<Made> {
  const { maxNewTokens, stopTokenIds } = task.options;
  const made: Made = { tokens: [], logProbs: [], finishReason: 'length' };
  for (let piece = 0; made.tokens.length < maxNewTokens; piece += 1) {
    const request = pieceRequest(task, made.tokens, piece);
    const answer = await engine.complete(call, request);
    checkPiece(call.url, answer, request, vocabulary);
    const stop = answer.tokens.findIndex((token) => stopTokenIds.includes(token));
    const length = stop < 0 ? answer.tokens.length : stop + 1;
    made.tokens.push(...answer.tokens.slice(0, length));
    made.logProbs.push(...answer.logProbs.slice(0, length).map((value) => Math.min(0, value)));
    if (stop >= 0) return { ...made, finishReason: 'stop' };
  }
  return made;
}

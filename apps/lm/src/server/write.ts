import type { Completion, SamplingOptions } from '@expctr/language-model';
import { ExpctrError } from '@expctr/core';
import { cutAtStop, streamText, type TextPiece } from '@expctr/llm-lora';
import { LmRequestError } from './refusals.js';
import type { AskedSampling } from './sampling.js';
import type { ServedModel } from './served-model.js';

/** Some prompts and how many tokens may follow. */
export interface Writing {
  readonly prompts: readonly (readonly number[])[];
  readonly maxTokens: number;
}

/** A text as it was written. */
export interface Written {
  readonly promptIndex: number;
  readonly tokens: readonly number[];
  readonly logProbs: readonly number[];
  /** Without the token or string that ended it. */
  readonly text: string;
  readonly finishReason: 'stop' | 'length';
  /** The stop token or stop string of the request that ended it; null where the model's own did, or none. */
  readonly stopReason: number | string | null;
}

/** What of the texts is told while they are written. */
export type Piece = Omit<TextPiece, 'finishReason'> & { readonly tokens: readonly number[]; readonly done: Written | null };

/** Checks that prompts and what follows them fit. @throws LmRequestError `LM_CONTEXT`, `LM_REQUEST` */
export function checkWriting({ prompts, maxTokens }: Writing, { policy, options }: ServedModel, n: number): void {
  if (prompts.length * n > options.requestTexts) {
    throw new LmRequestError('LM_REQUEST', `it asks for ${prompts.length * n} texts`, {
      where: 'prompt and n',
      expected: `at most ${options.requestTexts}`,
      remedy: 'ask in parts',
    });
  }
  prompts.forEach((prompt, index) => {
    if (prompt.length === 0)
      throw new LmRequestError('LM_REQUEST', 'it has no tokens', { where: `prompt ${index}`, expected: 'at least one' });
    if (prompt.length + maxTokens <= policy.maxPositions) return;
    throw new LmRequestError('LM_CONTEXT', `it has ${prompt.length} tokens, and ${maxTokens} may follow`, {
      where: `prompt ${index}`,
      expected: `at most ${policy.maxPositions} together, the model's maximum context length`,
      remedy: 'shorten it, or ask for fewer tokens',
    });
  });
}

/** Writes all texts, in the order of prompts. */
export async function writeTexts(asked: AskedSampling, writing: Writing, served: ServedModel, signal: AbortSignal): Promise<Written[]> {
  if (asked.only !== null) return forced(asked, writing, served, asked.only);
  const made = await refusing(() => served.sampler.generate(writing.prompts, samplingOf(asked, writing, signal)));
  return made.map((completion) => writtenOf(completion, asked, served));
}

/** Writes all texts, and tells of them as they grow. */
export async function* writePieces(
  asked: AskedSampling,
  writing: Writing,
  served: ServedModel,
  signal: AbortSignal,
): AsyncGenerator<Piece> {
  if (asked.only !== null) {
    const all = forced(asked, writing, served, asked.only);
    yield* all.map((done, at) => ({ promptIndex: done.promptIndex, completion: at % asked.n, text: done.text, tokens: done.tokens, done }));
    return;
  }
  const done = new Map<string, Written>();
  const tokens = new Map<string, number[]>();
  const at = (promptIndex: number, completion: number): string => `${promptIndex}/${completion}`;
  const pieces = streamText({ generate: served.sampler.generate, tokenizer: served.policy.tokenizer }, writing.prompts, {
    ...samplingOf(asked, writing, signal),
    onToken(token, promptIndex, completion) {
      const key = at(promptIndex, completion);
      tokens.set(key, [...(tokens.get(key) ?? []), token]);
    },
    onCompletion: (made, completion) => void done.set(at(made.promptIndex, completion), writtenOf(made, asked, served)),
  });
  try {
    for await (const { promptIndex, completion, text, finishReason } of pieces) {
      const key = at(promptIndex, completion);
      const own = tokens.get(key) ?? [];
      tokens.delete(key);
      yield { promptIndex, completion, text, tokens: own, done: finishReason === null ? null : done.get(key)! };
    }
  } catch (error) {
    throw refusalOf(error);
  }
}

function samplingOf({ options }: AskedSampling, { maxTokens }: Writing, signal: AbortSignal): SamplingOptions {
  return { ...options, maxNewTokens: maxTokens, signal };
}

/** Where one token alone may be written, it is, and its probability is 1. */
function forced(
  { n, options, ownStops }: AskedSampling,
  { prompts, maxTokens }: Writing,
  { policy }: ServedModel,
  token: number,
): Written[] {
  const ends = options.stopTokenIds.includes(token);
  const length = ends ? 1 : maxTokens;
  const tokens = new Array<number>(length).fill(token);
  const text = ends ? '' : policy.tokenizer.decodeText(tokens);
  return prompts.flatMap((_, promptIndex) =>
    Array.from({ length: n }, (): Written => ({
      promptIndex,
      tokens,
      logProbs: new Array<number>(length).fill(0),
      text,
      finishReason: ends ? 'stop' : 'length',
      stopReason: ends && ownStops.includes(token) ? token : null,
    })),
  );
}

function writtenOf(
  { promptIndex, tokens, logProbs, finishReason }: Completion,
  { options, ownStops }: AskedSampling,
  { policy }: ServedModel,
): Written {
  const last = tokens.at(-1)!;
  const byToken = finishReason === 'stop' && options.stopTokenIds.includes(last);
  const whole = policy.tokenizer.decodeText(byToken ? tokens.slice(0, -1) : tokens);
  const text = cutAtStop(whole, options.stopStrings);
  const byString = text === whole ? undefined : options.stopStrings?.find((each) => whole.startsWith(each, text.length));
  const stopReason = byToken ? (ownStops.includes(last) ? last : null) : (byString ?? null);
  return { promptIndex, tokens: [...tokens], logProbs: [...logProbs], text, finishReason, stopReason };
}

async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw refusalOf(error);
  }
}

/** Codes of errors that are in what was asked. */
const ASKED_WRONGLY: readonly string[] = ['POLICY_OPTION', 'POLICY_CONSTRAINT'];

/** What the model says of options that cannot be, such as a schema that it does not know, is told to whoever asked. */
function refusalOf(error: unknown): unknown {
  if (!(error instanceof ExpctrError) || !ASKED_WRONGLY.includes(error.code)) return error;
  const { what, expected, remedy } = error;
  return new LmRequestError('LM_REQUEST', what, {
    ...(expected === undefined ? {} : { expected }),
    ...(remedy === undefined ? {} : { remedy }),
  });
}

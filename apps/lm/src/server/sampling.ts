import { isJsonObject, own, type JsonObject } from '@expctr/app-kit/http';
import type { Constraint, SamplingOptions } from '@expctr/language-model';
import { flagIn, listIn, numberIn, objectWith, textIn, tokensIn, wrongType } from './fields.js';
import { LmRequestError } from './refusals.js';
import { adapterNamed, type ServedModel } from './served-model.js';

/** Fields by which completions and chats alike say how texts are drawn and told. */
export const SAMPLING_FIELDS = [
  'model',
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'repetition_penalty',
  'presence_penalty',
  'frequency_penalty',
  'n',
  'seed',
  'stop',
  'stop_token_ids',
  'ignore_eos',
  'allowed_token_ids',
  'stream',
  'stream_options',
  'return_token_ids',
  'return_tokens_as_token_ids',
  'response_format',
  'structured_outputs',
] as const;

/** What a request asks for besides its prompts. */
export interface AskedSampling {
  /** Named in the answer. */
  readonly model: string;
  /** Texts of each prompt. */
  readonly n: number;
  /** Without what differs from prompt to prompt. */
  readonly options: Omit<SamplingOptions, 'maxNewTokens'> & { readonly adapter: string | null };
  /** Stop tokens that the request names itself, unlike the model's own. */
  readonly ownStops: readonly number[];
  /** The one token that may be written, where the request says so. */
  readonly only: number | null;
  readonly stream: boolean;
  readonly withUsage: boolean;
  readonly withTokenIds: boolean;
  readonly tokensAsIds: boolean;
}

const MOST_STOPS = 64;

/** @throws LmRequestError */
export function askedSampling(fields: JsonObject, served: ServedModel): AskedSampling {
  const { policy, name, options: limits } = served;
  const bound = policy.config.vocabularySize;
  const number = (key: string, least: number, most: number, whole = false) => numberIn(fields, key, '', { least, most, whole });
  const model = textIn(fields, 'model', '');
  const adapter = adapterNamed(served, model);
  const n = number('n', 1, limits.requestTexts, true) ?? 1;
  const topK = number('top_k', -1, 2 ** 31 - 1, true) ?? -1;
  const ownStops = tokensIn(listIn(fields, 'stop_token_ids', '', []), 'stop_token_ids', bound);
  const ends = flagIn(fields, 'ignore_eos', '') === true ? [] : policy.tokenizer.eosTokenIds;
  const stopStrings = stopsIn(fields);
  const seed = number('seed', -(2 ** 53), 2 ** 53, true);
  const constraint = constraintIn(fields);
  const streamOptions = objectWith(own(fields, 'stream_options') ?? {}, 'stream_options', [
    'include_usage',
    'continuous_usage_stats',
    'include_obfuscation',
  ]);
  return {
    model: model ?? name,
    n,
    options: {
      adapter,
      temperature: number('temperature', 0, 1000) ?? 1,
      ...(topK > 0 ? { topK } : {}),
      topP: positive(number('top_p', 0, 1) ?? 1, 'top_p'),
      minP: number('min_p', 0, 1) ?? 0,
      repetitionPenalty: positive(number('repetition_penalty', 0, 1000) ?? 1, 'repetition_penalty'),
      presencePenalty: number('presence_penalty', -2, 2) ?? 0,
      frequencyPenalty: number('frequency_penalty', -2, 2) ?? 0,
      stopTokenIds: [...new Set([...ownStops, ...ends])],
      ...(stopStrings.length === 0 ? {} : { stopStrings }),
      ...(constraint === null ? {} : { constraint }),
      completionsPerPrompt: n,
      seed: seed === undefined ? ['unseeded', served.nextId('s')] : ['seed', seed],
    },
    ownStops,
    only: onlyToken(fields, bound),
    stream: flagIn(fields, 'stream', '') === true,
    withUsage: flagIn(streamOptions, 'include_usage', 'stream_options') === true,
    withTokenIds: flagIn(fields, 'return_token_ids', '') === true,
    tokensAsIds: flagIn(fields, 'return_tokens_as_token_ids', '') === true,
  };
}

function positive(value: number, where: string): number {
  if (value > 0) return value;
  throw new LmRequestError('LM_REQUEST', `it is ${value}`, { where, expected: 'a number above 0' });
}

function stopsIn(fields: JsonObject): readonly string[] {
  const value = own(fields, 'stop');
  if (value === undefined) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const isRight = list.every((each): each is string => typeof each === 'string' && each !== '' && !/\p{Surrogate}/u.test(each));
  if (isRight && list.length <= MOST_STOPS) return list;
  throw new LmRequestError('LM_REQUEST', 'it is something else', {
    where: 'stop',
    expected: `a text, or up to ${MOST_STOPS} of them, none of them empty or with half a character`,
  });
}

/** The token of `allowed_token_ids`: with one that is allowed there is nothing to draw, and with more this server would have to mask. */
function onlyToken(fields: JsonObject, bound: number): number | null {
  if (own(fields, 'allowed_token_ids') === undefined) return null;
  const allowed = tokensIn(listIn(fields, 'allowed_token_ids', ''), 'allowed_token_ids', bound);
  if (allowed.length === 1) return allowed[0]!;
  throw new LmRequestError('LM_UNSUPPORTED', `it has ${allowed.length} tokens`, {
    where: 'allowed_token_ids',
    expected: 'one token',
    remedy: 'say what may be written by structured_outputs',
  });
}

/** `response_format` as OpenAI has it, `structured_outputs` as vLLM does. */
function constraintIn(fields: JsonObject): Constraint | null {
  const format = own(fields, 'response_format');
  const outputs = own(fields, 'structured_outputs');
  if (format !== undefined && outputs !== undefined) {
    throw new LmRequestError('LM_REQUEST', 'it stands beside structured_outputs', { where: 'response_format', expected: 'one of the two' });
  }
  if (outputs !== undefined) {
    const { choice, json } = objectWith(outputs, 'structured_outputs', ['choice', 'json']);
    if (choice !== undefined && json === undefined) {
      const choices = listIn({ choice }, 'choice', 'structured_outputs');
      if (choices.length > 0 && choices.every((each): each is string => typeof each === 'string' && each !== '')) return { choices };
      throw new LmRequestError('LM_REQUEST', 'it is something else', { where: 'structured_outputs.choice', expected: 'texts' });
    }
    if (json !== undefined && choice === undefined) return { jsonSchema: schemaIn(json, 'structured_outputs.json') };
    throw new LmRequestError('LM_REQUEST', 'it is something else', { where: 'structured_outputs', expected: 'choice or json' });
  }
  if (format === undefined) return null;
  const { type, json_schema: schema } = objectWith(format, 'response_format', ['type', 'json_schema']);
  if (type === 'text') return null;
  if (type === 'json_schema') {
    const described = objectWith(schema, 'response_format.json_schema', ['name', 'description', 'schema', 'strict']);
    return { jsonSchema: schemaIn(own(described, 'schema'), 'response_format.json_schema.schema') };
  }
  throw new LmRequestError('LM_UNSUPPORTED', 'it is something else', { where: 'response_format.type', expected: 'text or json_schema' });
}

function schemaIn(value: unknown, where: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw wrongType(value, where, 'a JSON Schema');
}

import type { JsonSchema } from '@expctr/app-kit/http';
import { packageVersion } from '@expctr/core/node';
import { LM_REFUSALS } from './refusals.js';
import type { ServedModel } from './served-model.js';

const text: JsonSchema = { type: 'string' };
const whole: JsonSchema = { type: 'integer' };
const number: JsonSchema = { type: 'number' };
const flag: JsonSchema = { type: 'boolean' };
const ids: JsonSchema = { type: 'array', items: { type: 'integer', minimum: 0 } };
const list = (items: JsonSchema): JsonSchema => ({ type: 'array', items });
const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });
const object = (properties: Readonly<Record<string, JsonSchema>>, required: readonly string[] = []): JsonSchema => ({
  type: 'object',
  properties,
  ...(required.length === 0 ? {} : { required }),
});

const sampling: Readonly<Record<string, JsonSchema>> = {
  model: { ...text, description: 'the model or one of its adapters; default the model' },
  temperature: { ...number, minimum: 0, default: 1 },
  top_p: { ...number, exclusiveMinimum: 0, maximum: 1, default: 1 },
  top_k: { ...whole, default: -1, description: '0 and -1: all' },
  min_p: { ...number, minimum: 0, maximum: 1, default: 0 },
  repetition_penalty: { ...number, exclusiveMinimum: 0, default: 1 },
  presence_penalty: { ...number, minimum: -2, maximum: 2, default: 0 },
  frequency_penalty: { ...number, minimum: -2, maximum: 2, default: 0 },
  n: { ...whole, minimum: 1, default: 1 },
  seed: { ...whole, description: 'the same seed gives the same text, whatever else is asked for meanwhile' },
  stop: { anyOf: [text, list(text)] },
  stop_token_ids: ids,
  ignore_eos: { ...flag, default: false },
  allowed_token_ids: { ...ids, minItems: 1, maxItems: 1 },
  stream: { ...flag, default: false, description: 'answer with server-sent events, the last of which is [DONE]' },
  stream_options: object({ include_usage: flag }),
  return_token_ids: { ...flag, default: false },
  return_tokens_as_token_ids: { ...flag, default: false },
  response_format: {
    ...object({ type: { enum: ['text', 'json_schema'] }, json_schema: object({ schema: { type: 'object' } }) }),
    description: 'as OpenAI has it',
  },
  structured_outputs: { ...object({ choice: list(text), json: { type: 'object' } }), description: 'as vLLM has it' },
};
const message = object({ role: { enum: ['system', 'user', 'assistant'] }, content: text }, ['role', 'content']);
const usage = object({ prompt_tokens: whole, completion_tokens: whole, total_tokens: whole });
const ended: Readonly<Record<string, JsonSchema>> = {
  finish_reason: { enum: ['stop', 'length', null] },
  stop_reason: { type: ['integer', 'string', 'null'], description: 'the stop token or stop string of the request that ended it' },
};

const schemas: Readonly<Record<string, JsonSchema>> = {
  CompletionRequest: object(
    {
      prompt: { anyOf: [text, ids, list(text), list(ids)] },
      max_tokens: { ...whole, minimum: 1, default: 16 },
      logprobs: { ...whole, minimum: 0, maximum: 1, description: 'log-probabilities of the tokens that were drawn' },
      ...sampling,
    },
    ['prompt'],
  ),
  ChatRequest: object(
    {
      messages: list(message),
      max_completion_tokens: { ...whole, minimum: 1 },
      max_tokens: { ...whole, minimum: 1 },
      logprobs: flag,
      ...sampling,
    },
    ['messages'],
  ),
  Completion: object({
    id: text,
    model: text,
    choices: list(object({ index: whole, text, logprobs: { type: ['object', 'null'] }, token_ids: ids, prompt_token_ids: ids, ...ended })),
    usage,
  }),
  Chat: object({ id: text, model: text, choices: list(object({ index: whole, message, token_ids: ids, ...ended })), usage }),
  Models: object({ data: list(object({ id: text, parent: { type: ['string', 'null'] }, max_model_len: whole })) }),
  LoadRequest: object({ lora_name: text, lora_path: text, load_inplace: flag }, ['lora_name', 'lora_path']),
  UnloadRequest: object({ lora_name: text }, ['lora_name']),
  TokenizeRequest: object({ model: text, prompt: text, messages: list(message), add_special_tokens: flag, return_token_strs: flag }),
  Tokens: object({ count: whole, max_model_len: whole, tokens: ids }),
  DetokenizeRequest: object({ model: text, tokens: ids }, ['tokens']),
  Text: object({ prompt: text }),
  Error: object({
    error: object({
      message: text,
      type: text,
      param: { type: ['string', 'null'] },
      code: whole,
      reason: { enum: Object.keys(LM_REFUSALS) },
    }),
  }),
};

const content = (schema: JsonSchema, description: string): JsonSchema => ({ description, content: { 'application/json': { schema } } });
const refusals = Object.fromEntries(
  [...new Set(Object.values(LM_REFUSALS))].map((status) => {
    const codes = Object.entries(LM_REFUSALS).flatMap(([code, of]) => (of === status ? [code] : []));
    return [String(status), content(ref('Error'), codes.join(', '))];
  }),
);

const get = (operationId: string, summary: string, ok: JsonSchema): JsonSchema => ({
  get: { operationId, summary, responses: { '200': ok, ...refusals } },
});
const post = (operationId: string, summary: string, request: string, ok: JsonSchema): JsonSchema => ({
  post: {
    operationId,
    summary,
    requestBody: { required: true, content: { 'application/json': { schema: ref(request) } } },
    responses: { '200': ok, ...refusals },
  },
});
const plain: JsonSchema = { description: 'Done.', content: { 'text/plain': { schema: text } } };

/** The OpenAPI document of a server. */
export function openApiDocument({ name, options }: ServedModel): JsonSchema {
  return {
    openapi: '3.1.0',
    info: {
      title: 'expctr-lm serve',
      version: packageVersion(import.meta.url) ?? 'unknown',
      description: `The language model ${name}. A request has at most ${options.requestTexts} texts and ${options.bodyBytes} bytes.`,
    },
    paths: {
      '/v1/completions': post(
        'completions',
        'Texts that go on from texts or token ids.',
        'CompletionRequest',
        content(ref('Completion'), 'The texts.'),
      ),
      '/v1/chat/completions': post('chat', 'What the assistant says next.', 'ChatRequest', content(ref('Chat'), 'What it says.')),
      '/v1/models': get('models', 'The model and its adapters.', content(ref('Models'), 'They.')),
      ...(options.enableLora
        ? {
            '/v1/load_lora_adapter': post('load', 'Loads an adapter from a folder that the server sees.', 'LoadRequest', plain),
            '/v1/unload_lora_adapter': post('unload', 'Forgets an adapter.', 'UnloadRequest', plain),
          }
        : {}),
      '/tokenize': post('tokenize', 'Token ids of a text or of a conversation.', 'TokenizeRequest', content(ref('Tokens'), 'They.')),
      '/detokenize': post('detokenize', 'The text of token ids.', 'DetokenizeRequest', content(ref('Text'), 'It.')),
      '/health': get('health', 'Whether requests are answered.', content({ type: 'object' }, 'They are.')),
      '/version': get('version', 'The version of the server.', content({ type: 'object' }, 'It.')),
      '/metrics': get('metrics', 'Figures for Prometheus.', {
        description: 'Text format 0.0.4.',
        content: { 'text/plain': { schema: text } },
      }),
    },
    components: { schemas },
  };
}

import { isJsonObject, own, type JsonObject, type Route, type ServerEvent } from '@expctr/app-kit/http';
import { ExpctrError } from '@expctr/core';
import type { ChatMessage } from '@expctr/language-model';
import { chatLogProbs, lastEvents, now, usageOf } from './answer-parts.js';
import { fieldsIn, flagIn, listIn, numberIn, objectWith, wrongType } from './fields.js';
import { LmRequestError } from './refusals.js';
import { askedSampling, SAMPLING_FIELDS, type AskedSampling } from './sampling.js';
import type { ServedModel } from './served-model.js';
import { checkWriting, writePieces, writeTexts, type Writing } from './write.js';

const FIELDS = [
  ...SAMPLING_FIELDS,
  'messages',
  'max_tokens',
  'max_completion_tokens',
  'logprobs',
  'top_logprobs',
  'add_generation_prompt',
  'continue_final_message',
];
const ROLES: readonly unknown[] = ['system', 'user', 'assistant'] satisfies ChatMessage['role'][];

/** `POST /v1/chat/completions`: what the assistant says next. */
export function chatRoute(served: ServedModel): Route {
  return {
    method: 'POST',
    path: '/v1/chat/completions',
    async handle({ body, signal }) {
      const fields = fieldsIn(body, FIELDS);
      const asked = askedSampling(fields, served);
      const prompt = chatTokens(fields, served);
      const most = { least: 1, most: 2 ** 31 - 1, whole: true };
      const given = numberIn(fields, 'max_completion_tokens', '', most) ?? numberIn(fields, 'max_tokens', '', most);
      const room = Math.max(1, served.policy.maxPositions - prompt.length);
      const writing = { prompts: [prompt], maxTokens: given ?? Math.min(room, served.options.defaultTokens) };
      checkWriting(writing, served, asked.n);
      const withLogProbs = flagIn(fields, 'logprobs', '') === true;
      numberIn(fields, 'top_logprobs', '', { least: 0, most: 0, whole: true });
      const head = { id: served.nextId('chatcmpl'), created: now(), model: asked.model };
      if (asked.stream) return { kind: 'events', events: events(asked, writing, served, head, withLogProbs, signal) };
      const written = await writeTexts(asked, writing, served, signal);
      return {
        kind: 'json',
        value: {
          ...head,
          object: 'chat.completion',
          choices: written.map((each, index) => ({
            index,
            message: { role: 'assistant', content: each.text },
            logprobs: withLogProbs ? chatLogProbs(each, served.policy.tokenizer, asked) : null,
            finish_reason: each.finishReason,
            stop_reason: each.stopReason,
            ...(asked.withTokenIds ? { token_ids: each.tokens } : {}),
          })),
          ...(asked.withTokenIds ? { prompt_token_ids: prompt } : {}),
          usage: usageOf(
            writing.prompts,
            written.reduce((sum, { tokens }) => sum + tokens.length, 0),
          ),
        },
      };
    },
  };
}

async function* events(
  asked: AskedSampling,
  writing: Writing,
  served: ServedModel,
  { id, created, model }: { readonly id: string; readonly created: number; readonly model: string },
  withLogProbs: boolean,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  const head = { id, object: 'chat.completion.chunk', created, model };
  const begun = new Set<number>();
  let count = 0;
  for await (const { completion: index, text, tokens, done } of writePieces(asked, writing, served, signal)) {
    count += tokens.length;
    const role = begun.has(index) ? {} : { role: 'assistant' };
    begun.add(index);
    const choice = {
      index,
      delta: { ...role, content: text },
      logprobs: done !== null && withLogProbs ? chatLogProbs(done, served.policy.tokenizer, asked) : null,
      finish_reason: done?.finishReason ?? null,
      ...(done === null ? {} : { stop_reason: done.stopReason }),
      ...(asked.withTokenIds ? { token_ids: tokens } : {}),
    };
    yield { data: { ...head, choices: [choice] } };
  }
  yield* lastEvents(head, asked, usageOf(writing.prompts, count));
}

/** The tokens of `messages`, in the model's chat template. @throws LmRequestError `LM_REQUEST` */
export function chatTokens(fields: JsonObject, { policy }: ServedModel): number[] {
  const messages = listIn(fields, 'messages', '').map((message, index) => messageIn(message, `messages[${index}]`));
  const goesOn = flagIn(fields, 'continue_final_message', '') === true;
  if (flagIn(fields, 'add_generation_prompt', '') === false && !goesOn) {
    throw new LmRequestError('LM_UNSUPPORTED', 'it is false', {
      where: 'add_generation_prompt',
      expected: 'true, for the assistant speaks next',
    });
  }
  const last = messages.at(-1);
  if (last === undefined) throw new LmRequestError('LM_REQUEST', 'it is empty', { where: 'messages', expected: 'at least one message' });
  if (goesOn && last.role !== 'assistant') {
    throw new LmRequestError('LM_REQUEST', `it is the ${last.role}'s`, { where: 'messages, the last one', expected: "the assistant's" });
  }
  const { tokenizer } = policy;
  try {
    if (!goesOn) return [...tokenizer.encode({ form: 'chat', messages })];
    return [...tokenizer.encode({ form: 'chat', messages: messages.slice(0, -1), continuation: last.content })];
  } catch (error) {
    if (!(error instanceof ExpctrError) || !error.code.startsWith('TOKENIZER_')) throw error;
    throw new LmRequestError('LM_REQUEST', error.what, {
      where: 'messages',
      ...(error.expected === undefined ? {} : { expected: error.expected }),
    });
  }
}

function messageIn(value: unknown, where: string): ChatMessage {
  const message = objectWith(value, where, ['role', 'content', 'name']);
  const role = own(message, 'role');
  if (!ROLES.includes(role))
    throw new LmRequestError('LM_REQUEST', 'it is something else', { where: `${where}.role`, expected: `one of ${ROLES.join(', ')}` });
  return { role: role as ChatMessage['role'], content: contentIn(own(message, 'content'), `${where}.content`) };
}

/** A text, or a list of parts that are texts. */
function contentIn(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) throw wrongType(value, where, 'a text');
  return value
    .map((part: unknown, index) => {
      if (isJsonObject(part) && own(part, 'type') === 'text' && typeof part['text'] === 'string') return part['text'];
      throw new LmRequestError('LM_REQUEST', 'it is no text', { where: `${where}[${index}]`, expected: '{"type": "text", "text": "…"}' });
    })
    .join('');
}

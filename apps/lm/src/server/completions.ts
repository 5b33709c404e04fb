import { own, type JsonObject, type Route, type ServerEvent } from '@expctr/app-kit/http';
import { completionLogProbs, lastEvents, now, usageOf } from './answer-parts.js';
import { fieldsIn, numberIn, tokensIn, wrongType } from './fields.js';
import { LmRequestError } from './refusals.js';
import { askedSampling, SAMPLING_FIELDS, type AskedSampling } from './sampling.js';
import type { ServedModel } from './served-model.js';
import { checkWriting, writePieces, writeTexts, type Writing, type Written } from './write.js';

const FIELDS = [...SAMPLING_FIELDS, 'prompt', 'max_tokens', 'logprobs'];

/** Tokens that are written where a request does not say, as in OpenAI's API. */
const USUAL_TOKENS = 16;

/** `POST /v1/completions`: texts that go on from texts or token ids. */
export function completionsRoute(served: ServedModel): Route {
  return {
    method: 'POST',
    path: '/v1/completions',
    async handle({ body, signal }) {
      const fields = fieldsIn(body, FIELDS);
      const asked = askedSampling(fields, served);
      const prompts = promptsIn(fields, served);
      const maxTokens = numberIn(fields, 'max_tokens', '', { least: 1, most: 2 ** 31 - 1, whole: true }) ?? USUAL_TOKENS;
      const withLogProbs = numberIn(fields, 'logprobs', '', { least: 0, most: 1, whole: true }) !== undefined;
      const writing = { prompts, maxTokens };
      checkWriting(writing, served, asked.n);
      const head = { id: served.nextId('cmpl'), object: 'text_completion', created: now(), model: asked.model };
      const form: Form = { served, asked, withLogProbs };
      if (asked.stream) return { kind: 'events', events: events(form, writing, head, signal) };
      const written = await writeTexts(asked, writing, served, signal);
      return {
        kind: 'json',
        value: {
          ...head,
          choices: written.map((each, index) => ({
            index,
            text: each.text,
            ...endOf(form, each),
            ...(asked.withTokenIds ? { token_ids: each.tokens, prompt_token_ids: prompts[each.promptIndex]! } : {}),
          })),
          usage: usageOf(
            prompts,
            written.reduce((sum, { tokens }) => sum + tokens.length, 0),
          ),
        },
      };
    },
  };
}

interface Form {
  readonly served: ServedModel;
  readonly asked: AskedSampling;
  readonly withLogProbs: boolean;
}

/** What an answer says of a text that has ended. */
function endOf({ served, asked, withLogProbs }: Form, written: Written): object {
  const logprobs = withLogProbs ? completionLogProbs(written, served.policy.tokenizer, asked) : null;
  return { logprobs, finish_reason: written.finishReason, stop_reason: written.stopReason };
}

async function* events(form: Form, writing: Writing, head: object, signal: AbortSignal): AsyncGenerator<ServerEvent> {
  const { served, asked } = form;
  let count = 0;
  for await (const { promptIndex, completion, text, tokens, done } of writePieces(asked, writing, served, signal)) {
    count += tokens.length;
    const end = done === null ? { logprobs: null, finish_reason: null, stop_reason: null } : endOf(form, done);
    const ids = asked.withTokenIds ? { token_ids: tokens } : {};
    yield { data: { ...head, choices: [{ index: promptIndex * asked.n + completion, text, ...end, ...ids }] } };
  }
  yield* lastEvents(head, asked, usageOf(writing.prompts, count));
}

/** `prompt`: a text, token ids, or a list of either. @throws LmRequestError `LM_REQUEST` */
function promptsIn(fields: JsonObject, { policy }: ServedModel): number[][] {
  const value = own(fields, 'prompt');
  const encoded = (text: string): number[] => [...policy.tokenizer.encode({ form: 'completion', text })];
  if (typeof value === 'string') return [encoded(value)];
  if (!Array.isArray(value)) throw wrongType(value, 'prompt', 'a text, token ids, or a list of either');
  const list = value as readonly unknown[];
  if (list.length === 0) throw new LmRequestError('LM_REQUEST', 'it is empty', { where: 'prompt', expected: 'at least one prompt' });
  const bound = policy.config.vocabularySize;
  if (typeof list[0] === 'number') return [tokensIn(list, 'prompt', bound)];
  return list.map((each, index) => {
    if (typeof each === 'string') return encoded(each);
    if (Array.isArray(each)) return tokensIn(each as readonly unknown[], `prompt[${index}]`, bound);
    throw wrongType(each, `prompt[${index}]`, 'a text or token ids');
  });
}

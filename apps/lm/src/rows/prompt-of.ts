import { ExpctrError } from '@expctr/core';
import type { ChatMessage, Tokenizer } from '@expctr/language-model';
import { parseExample } from '@expctr/llm-lora/sft';
import { LmError } from '../errors.js';
import type { InputRow } from './read-rows.js';

/** How prompts are read. */
export interface PromptForm {
  /** A `prompt` is a text that the model goes on from, though it has a chat template. */
  readonly raw?: boolean;
  /** What the system says, in chats that do not say it. */
  readonly system?: string;
}

/**
 * The tokens of a prompt: `messages` and, where the model has a chat template, `prompt` as what a user says; else `prompt` as a text.
 * @throws LmError `LM_INPUT`
 */
export function promptTokens({ fields, where }: InputRow, tokenizer: Tokenizer, form: PromptForm): number[] {
  const { prompt, messages } = fields;
  const isChat = messages !== undefined || (form.raw !== true && tokenizer.hasChatTemplate);
  if (typeof prompt === 'string' && messages === undefined) {
    if (isChat) return encoded(tokenizer, withSystem([{ role: 'user', content: prompt }], form), where);
    const tokens = [...tokenizer.encode({ form: 'completion', text: prompt })];
    if (tokens.length > 0) return tokens;
    throw new LmError('LM_INPUT', 'the prompt is empty', { where, expected: 'a text' });
  }
  if (Array.isArray(messages) && messages.length > 0) return encoded(tokenizer, withSystem(messagesOf(messages, where), form), where);
  throw new LmError('LM_INPUT', 'it has no prompt', {
    where,
    expected: '{"prompt": "…"} or {"messages": [{"role": "user", "content": "…"}]}',
  });
}

/** Messages of a row, checked as those of an example are; an answer stands behind them meanwhile, for examples need one. */
function messagesOf(messages: readonly unknown[], where: string): readonly ChatMessage[] {
  const example = parseExample({ messages: [...messages, { role: 'assistant', content: '' }] }, where);
  return 'messages' in example ? example.messages.slice(0, -1) : [];
}

function withSystem(messages: readonly ChatMessage[], { system }: PromptForm): readonly ChatMessage[] {
  return system === undefined || messages[0]?.role === 'system' ? messages : [{ role: 'system', content: system }, ...messages];
}

function encoded(tokenizer: Tokenizer, messages: readonly ChatMessage[], where: string): number[] {
  try {
    return [...tokenizer.encode({ form: 'chat', messages })];
  } catch (error) {
    if (!(error instanceof ExpctrError) || !error.code.startsWith('TOKENIZER_')) throw error;
    throw new LmError('LM_INPUT', error.what, {
      where,
      ...(error.expected === undefined ? {} : { expected: error.expected }),
      cause: error,
    });
  }
}

import { printable } from '@expctr/core';
import type { ChatMessage } from '@expctr/language-model';
import { SftError } from './errors.js';

/** A text that is learned as a whole. */
export interface TextExample {
  /** The text. */
  readonly text: string;
}

/** A text and what follows it; what follows is learned. */
export interface CompletionExample {
  /** What is given. */
  readonly prompt: string;
  /** What is to be written. */
  readonly completion: string;
}

/** A conversation; what the assistant says is learned. */
export interface ChatExample {
  /** The turns, the last one the assistant's. */
  readonly messages: readonly ChatMessage[];
  /** Turns before this one are given, the assistant's among them. Default 0: all that the assistant says is learned. */
  readonly learnFrom?: number;
}

/** An example as token ids. */
export interface TokenExample {
  /** What is given; at least one token. */
  readonly promptTokens: readonly number[];
  /** What is to be written, with the token that ends it; at least one token. */
  readonly completionTokens: readonly number[];
}

/** What a model is fine-tuned on. */
export type Example = TextExample | CompletionExample | ChatExample | TokenExample;

const FORMS = ['{"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}', '{"prompt": "…", "completion": "…"}', '{"text": "…"}', '{"promptTokens": [1, 2], "completionTokens": [3]}']; // prettier-ignore
const ROLES: readonly unknown[] = ['system', 'user', 'assistant'] satisfies ChatMessage['role'][];

type Fields = Readonly<Record<string, unknown>>;

/**
 * An example of JSON's form: of the fields of {@link Example}, or `prompt` and `completion` as lists of messages. Other fields beside
 * them are of no account.
 * @param where names it in errors, such as `train.jsonl:7`
 * @throws SftError `SFT_EXAMPLE`, `SFT_ROLES`
 */
export function parseExample(value: unknown, where: string): Example {
  const wrong = (what: string): SftError => new SftError('SFT_EXAMPLE', what, { where, expected: `one of ${FORMS.join(', ')}` });
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('it is no object');
  const fields = value as Fields;
  const has = (name: string): boolean => fields[name] !== undefined && fields[name] !== null;
  const forms = [has('messages'), has('prompt') || has('completion'), has('text'), has('promptTokens') || has('completionTokens')];
  const count = forms.filter(Boolean).length;
  if (count !== 1) throw wrong(count === 0 ? `it has ${keysOf(fields)}` : 'it has the fields of several forms');
  if (forms[0]) return { messages: messagesIn(fields, 'messages', where) };
  if (forms[1]) return pairIn(fields, where);
  if (forms[2]) return { text: textIn(fields, 'text', where) };
  return { promptTokens: idsIn(fields, 'promptTokens', where), completionTokens: idsIn(fields, 'completionTokens', where) };
}

function pairIn(fields: Fields, where: string): Example {
  if (!Array.isArray(fields['prompt'])) return { prompt: textIn(fields, 'prompt', where), completion: textIn(fields, 'completion', where) };
  const prompt = messagesIn(fields, 'prompt', where);
  return { messages: [...prompt, ...messagesIn(fields, 'completion', where)], learnFrom: prompt.length };
}

function textIn(fields: Fields, name: string, where: string): string {
  const value = fields[name];
  if (typeof value === 'string') return value;
  throw new SftError('SFT_EXAMPLE', `${name} is ${kindOf(value)}`, { where, expected: 'a text' });
}

function idsIn(fields: Fields, name: string, where: string): number[] {
  const value = fields[name];
  if (Array.isArray(value) && value.every((id) => Number.isInteger(id) && id >= 0)) return value as number[];
  throw new SftError('SFT_EXAMPLE', `${name} is ${kindOf(value)}`, { where, expected: 'a list of token ids' });
}

function messagesIn(fields: Fields, name: string, where: string): ChatMessage[] {
  const value = fields[name];
  if (!Array.isArray(value)) throw new SftError('SFT_EXAMPLE', `${name} is ${kindOf(value)}`, { where, expected: 'a list of messages' });
  return value.map((message: unknown, index) => {
    const { role, content } = (typeof message === 'object' && message !== null ? message : {}) as Fields;
    const at = `${where}, ${name}[${index}]`;
    if (!ROLES.includes(role)) {
      throw new SftError('SFT_ROLES', `the role is ${typeof role === 'string' ? `"${printable(role, 60)}"` : kindOf(role)}`, {
        where: at,
        expected: ROLES.join(', '),
      });
    }
    if (typeof content === 'string') return { role: role as ChatMessage['role'], content };
    throw new SftError('SFT_EXAMPLE', `its content is ${kindOf(content)}`, { where: at, expected: 'a text' });
  });
}

function keysOf(fields: Fields): string {
  const keys = Object.keys(fields);
  return keys.length === 0 ? 'no fields' : `the fields ${printable(keys.join(', '), 200)}`;
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

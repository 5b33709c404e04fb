import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ChatMessage, Tokenizer } from '@expctr/language-model';
import { fixture } from '../formats/temporary-folder.js';
import { bytes } from './synthetic.js';

/** tools/oracles/llm-lora_chat_templates.py */
interface Fixture {
  readonly now: string;
  readonly chats: Readonly<Record<string, readonly ChatMessage[]>>;
  readonly templates: readonly {
    readonly name: string;
    readonly names: { readonly bos_token?: string; readonly eos_token: string; readonly additional_special_tokens: readonly string[] };
    readonly template: string;
    readonly rendered: Readonly<Record<string, { readonly text?: string; readonly refusal?: string }>>;
  }[];
}
const { now, chats, templates } = JSON.parse(readFileSync(fixture('chat-templates.json'), 'utf8')) as Fixture;

beforeAll(() => {
  vi.useFakeTimers({ now: new Date(now), toFake: ['Date'] });
});
afterAll(() => vi.useRealTimers());

describe.each(templates)('$name', ({ names, template, rendered }) => {
  const tokenizer: Tokenizer = bytes({ ...names, chat_template: template });
  const control = [...new Set(['<s>', '</s>', ...(names.bos_token === undefined ? [] : [names.bos_token]), names.eos_token, ...names.additional_special_tokens])]; // prettier-ignore
  const idsOf = (kind: string): number[] => [...tokenizer.encode({ form: 'chat', messages: chats[kind]! })];
  /** The text of ids, those from 256 on by the names of their tokens. */
  const textOf = (ids: readonly number[]): string => {
    const parts = ids.map((id) => (id < 256 ? tokenizer.tokenBytes(id) : new TextEncoder().encode(control[id - 256])));
    return new TextDecoder().decode(Uint8Array.from(parts.flatMap((part) => [...part])));
  };

  test.each(Object.entries(rendered))('the chat "%s" is what transformers makes of it', (kind, { text, refusal }) => {
    if (text !== undefined) expect(textOf(idsOf(kind))).toBe(text);
    else {
      const message = expect.stringContaining(refusal!) as string;
      expect(() => idsOf(kind)).toThrow(expect.objectContaining({ code: 'TOKENIZER_BAD_CHAT_TEMPLATE', message }) as Error);
    }
  });

  test('what looks like markup in a message is its text', () => {
    const controlOf = (kind: string): number[] => idsOf(kind).filter((id) => id >= 256);
    expect(controlOf('markup in a text')).toEqual(controlOf('user'));
  });
});

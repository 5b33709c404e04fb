import type { ChatMessage } from '@expctr/language-model';
import { describe, expect, test } from 'vitest';
import { chatStretches, type ChatStretch } from '../../src/tokenizer/chat-template.js';
import { added, letters } from './synthetic.js';

const END = added(2, '<end>');
const say = (content: string, role: ChatMessage['role'] = 'user'): ChatMessage => ({ role, content });
const stretches = (messages: readonly ChatMessage[], change: (content: string) => string): ChatStretch[] =>
  chatStretches(messages, '', (given) => given.map(({ role, content }) => `${role} ${change(content)}<end>`).join(''), [END], 'model');

describe('a template that looks into contents', () => {
  test.each<[string, (content: string) => string, string, string]>([
    ['cuts them', (content) => content.split('</think>').at(-1)!, '<think>hm</think>Yes', 'Yes'],
    ['writes them as JSON', (content) => JSON.stringify(content), 'a "b"\n', '"a \\"b\\"\\n"'],
    ['writes them in capitals', (content) => content.toUpperCase(), 'abc', 'ABC'],
    ['asks for their length', (content) => `${content.length > 8 ? 'long' : 'short'} ${content}`, 'a long message', 'long a long message'],
    ['asks what they hold', (content) => (content.includes('sum') ? `math: ${content}` : content), 'a sum', 'math: a sum'],
  ])('%s and gets the contents themselves', (_, change, content, expected) => {
    expect(stretches([say(content), say('ok', 'assistant')], change)).toEqual([
      { text: `user ${expected}` },
      { id: 2 },
      { text: `assistant ${change('ok')}` },
      { id: 2 },
    ]);
  });

  test('is refused where a content would write a control token, itself or by what the template does', () => {
    const refused: unknown = expect.objectContaining({
      code: 'TOKENIZER_BAD_CHAT_TEMPLATE',
      message: expect.stringContaining('<end>') as string,
    });
    expect(() => stretches([say('A<end>b')], (content) => content.toLowerCase())).toThrow(refused);
    expect(() => stretches([say('a<END>b')], (content) => content.toLowerCase())).toThrow(refused);
    expect(() => stretches([say('a<think>b<end>')], (content) => content.replace('<think>', ''))).toThrow(refused);
  });

  test('stand-ins in a content are text', () => {
    const [first] = stretches([say('x \u{F0000}1\u{F0001}'), say('other')], (content) => content.toUpperCase());
    expect(first).toEqual({ text: 'user X \u{F0000}1\u{F0001}' });
  });

  test('in Jinja, as models have it', () => {
    const chat_template = "{% for m in messages %}{{ bos_token + m['content'].split('/')[-1] + eos_token }}{% endfor %}";
    const ids = (content: string): number[] => [...letters({}, { chat_template }).encode({ form: 'chat', messages: [say(content)] })];
    expect(ids('abc/de')).toEqual(ids('de'));
    expect(ids('abc/de')).not.toEqual(ids('abcde'));
  });
});

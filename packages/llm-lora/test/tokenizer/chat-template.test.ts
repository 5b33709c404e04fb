import { expect, test } from 'vitest';
import { chatStretches } from '../../src/tokenizer/chat-template.js';
import type { ChatMessage } from '@expctr/language-model';
import { added, letters } from './synthetic.js';

const END = added(2, '<end>');
const user = (content: string): ChatMessage => ({ role: 'user', content });
const simple = (messages: readonly ChatMessage[]): string =>
  messages.map(({ role, content }) => `${role}: ${content}<end>`).join('\n') + '\n>';

test('control tokens are found in the template and not in contents or continuation', () => {
  expect(chatStretches([user('a<end>b')], '<end>', simple, [END], 'model')).toEqual([
    { text: 'user: a<end>b' },
    { id: 2 },
    { text: '\n><end>' },
  ]);
});

test('a template that trims contents trims them, and white space stays where it does not', () => {
  const trimming = (messages: readonly ChatMessage[]): string => `[${messages[0]?.content.trim() ?? ''}]`;
  expect(chatStretches([user(' a \n')], '', trimming, [END], 'model')).toEqual([{ text: '[a]' }]);
  expect(chatStretches([user(' a \n')], '', ([m]) => `[${m?.content ?? ''}]`, [END], 'model')).toEqual([{ text: '[ a \n]' }]);
});

test('a control token that takes white space with it takes it from template and content', () => {
  const stripping = [added(2, '<end>', { lstrip: true, rstrip: true })];
  expect(chatStretches([user('a')], '', ([m]) => `x <end> ${m?.content ?? ''}`, stripping, 'model')).toEqual([
    { text: 'x' },
    { id: 2 },
    { text: 'a' },
  ]);
});

test('the longest of several control tokens that begin alike is taken', () => {
  const tokens = [added(3, '<a>'), added(4, '<a><b>')];
  expect(chatStretches([], '', () => '<a><b><a>', tokens, 'model')).toEqual([{ id: 4 }, { id: 3 }]);
});

test('replacement patterns in contents are text', () => {
  expect(chatStretches([user('$& $1 $$')], '', simple, [], 'model')).toEqual([{ text: 'user: $& $1 $$<end>\n>' }]);
});

test('a message that the template leaves out is an error that names it', () => {
  const losing = (messages: readonly ChatMessage[]): string => simple(messages.filter(({ role }) => role !== 'system'));
  expect(() => chatStretches([{ role: 'system', content: 'Be kind.' }, user('a')], '', losing, [END], 'model')).toThrow(
    expect.objectContaining({
      code: 'TOKENIZER_BAD_CHAT_TEMPLATE',
      message: expect.stringContaining('message 0 (system)') as string,
    }) as Error,
  );
});

test('a template that refuses the messages is an error that carries its words', () => {
  const chat_template = "{{ raise_exception('System role not supported') }}";
  const tokenizer = letters({}, { chat_template });
  expect(() => tokenizer.encode({ form: 'chat', messages: [user('a')] })).toThrow(
    expect.objectContaining({
      code: 'TOKENIZER_BAD_CHAT_TEMPLATE',
      message: expect.stringContaining('System role not supported') as string,
    }) as Error,
  );
});

test('a chat for a model without a template is an error that says what to do', () => {
  expect(() => letters().encode({ form: 'chat', messages: [user('a')] })).toThrow(
    expect.objectContaining({ code: 'TOKENIZER_NO_CHAT_TEMPLATE', remedy: expect.stringContaining('completion') as string }) as Error,
  );
});

test('text after a control token gets a leading space only where the tokenizer gives one to every stretch', () => {
  const chat_template = "{% for m in messages %}{{ bos_token + m['content'] + eos_token }}{% endfor %}";
  const chat = { form: 'chat', messages: [user('a')] } as const;
  const scheme = (prepend_scheme: string) => ({ pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme } });
  const ids = (prepend_scheme: string): number[] => [...letters(scheme(prepend_scheme), { chat_template }).encode(chat)];
  expect(ids('first')).toEqual([1, 4, 2]); // <s> a </s>
  expect(ids('always')).toEqual([1, 3, 4, 2]); // <s> ▁ a </s>
});

test('a template that does not end is ended, and refused where the tokenizer is loaded', () => {
  const chat_template = '{% for i in range(1000000000) %}{% for j in range(1000000000) %}x{% endfor %}{% endfor %}';
  expect(() => letters({}, { chat_template })).toThrow(expect.objectContaining({ code: 'TOKENIZER_CHAT_TEMPLATE' }));
});

test('a date in a form that is not known is an error, not a part of the prompt', () => {
  const tokenizer = letters({}, { chat_template: "{{ strftime_now('%Q') }}{{ messages[0].content }}" });
  expect(() => tokenizer.encode({ form: 'chat', messages: [user('a')] })).toThrow(
    expect.objectContaining({ code: 'TOKENIZER_BAD_CHAT_TEMPLATE', message: expect.stringContaining('%Q') as string }) as Error,
  );
});

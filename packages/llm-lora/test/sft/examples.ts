import { writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseExample, readExamples, rowsOf, SftError, type Example } from '../../src/sft.js';
import { temporaryFolder } from '../formats/temporary-folder.js';
import { CHAT, chatLetters } from './sft-model.js';

const path = temporaryFolder();
const settings = { learn: 'responses', maxTokens: 0, tooLong: 'refuse' } as const;
const tokenizer = chatLetters();
const shown = (example: Example, more: object = {}) =>
  rowsOf([example], tokenizer, { ...settings, ...more }, 200).rows.map(({ prompt, response, weights }) => [
    textOf(prompt),
    textOf(response.filter((_, i) => weights[i] === 1)),
    textOf(response),
  ]);
/** Ids with the control tokens in sight. */
const textOf = (ids: Int32Array): string =>
  [...ids].map((id) => (id === 1 ? '<s>' : id === 2 ? '</s>' : tokenizer.decodeText([id]))).join('');

describe('examples', () => {
  test('a completion is learned with the token that ends it, a text from its second token, a chat where the assistant speaks', () => {
    expect(shown({ prompt: 'ab', completion: 'cd' })).toEqual([[' ab', 'cd</s>', 'cd</s>']]);
    expect(shown({ text: 'abc' })).toEqual([[' ', 'abc</s>', 'abc</s>']]);
    expect(shown({ prompt: 'ab', completion: 'c' }, { learn: 'all' })).toEqual([[' ', 'abc</s>', 'abc</s>']]);
    const chat = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b' },
      { role: 'user', content: 'c' },
      { role: 'assistant', content: 'd' },
    ] as const;
    expect(shown({ messages: chat })).toEqual([['<s>user|a</s><s>assistant|', 'b</s>d</s>', 'b</s><s>user|c</s><s>assistant|d</s>']]);
    expect(shown({ messages: chat, learnFrom: 3 })).toEqual([
      ['<s>user|a</s><s>assistant|b</s><s>user|c</s><s>assistant|', 'd</s>', 'd</s>'],
    ]);
  });

  test('the tokens of a chat are those of the template, and where it writes earlier turns anew each turn is a row of its own', () => {
    const messages = [
      { role: 'system', content: 's' },
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b' },
      { role: 'user', content: 'c' },
      { role: 'assistant', content: 'd' },
    ] as const;
    const [row] = rowsOf([{ messages }], tokenizer, settings, 200).rows;
    const whole = tokenizer.encode({ form: 'chat', messages: [...messages, { role: 'user', content: 'x' }] });
    const all = [...row!.prompt, ...row!.response];
    expect(all).toEqual([...whole.slice(0, all.length)]);

    const forgetful = chatLetters(CHAT.replace("{{ m['content'] }}", "{{ m['content'].split('_')[-1] }}"));
    const thinking = messages.map(({ role, content }) => ({ role, content: role === 'assistant' ? `t_${content}` : content }));
    const two = rowsOf([{ messages: thinking }], forgetful, settings, 200).rows;
    expect(two.map(({ prompt, response }) => [textOf(prompt).split('user')[1], textOf(response)])).toEqual([
      ['|a</s><s>assistant|', 't_b</s>'],
      ['|a</s><s>assistant|b</s><s>', 't_d</s>'],
    ]);
  });

  test('too long: refused, cut at the end, or left out, and counted', () => {
    const long: Example = { prompt: 'abcdefgh', completion: 'abcdefgh' };
    const given = { ...settings, maxTokens: 12 };
    const rows = (tooLong: 'truncate' | 'skip', most = 12) =>
      rowsOf([long, { prompt: 'a', completion: 'b' }], tokenizer, { ...given, tooLong, maxTokens: most }, 200);
    expect(() => rowsOf([long], tokenizer, given, 200)).toThrow(
      expect.objectContaining({ code: 'SFT_TOO_LONG', where: 'example 1' }) as Error,
    );
    const cut = rows('truncate');
    expect(cut.rows[0]!.prompt.length + cut.rows[0]!.response.length).toBe(12);
    expect(cut.counts).toMatchObject({ examples: 2, rows: 2, truncated: 1, skipped: 0 });
    expect(rows('skip').counts).toMatchObject({ rows: 1, truncated: 0, skipped: 1 });
    expect(rows('truncate', 6).counts).toMatchObject({ rows: 1, truncated: 0, skipped: 1 }); // nothing to learn is left of it
    expect(() => rowsOf([long], tokenizer, { ...given, tooLong: 'skip' }, 200)).toThrow(
      expect.objectContaining({ code: 'SFT_NO_ROWS' }) as Error,
    );
  });

  test('what cannot be learned is refused with its code and its place', async () => {
    const user = { role: 'user', content: 'a' };
    const assistant = { role: 'assistant', content: 'b' };
    const cases: [unknown, string][] = [
      [{ messages: [{ role: 'tool', content: 'a' }, assistant] }, 'SFT_ROLES'],
      [{ messages: [user] }, 'SFT_ROLES'],
      [{ messages: [assistant] }, 'SFT_ROLES'],
      [{ messages: [user, { role: 'system', content: 's' }, assistant] }, 'SFT_ROLES'],
      [{ messages: [user, assistant, assistant] }, 'SFT_ROLES'],
      [{ messages: [] }, 'SFT_ROLES'],
      [{ messages: [user, { role: 'assistant', content: '' }] }, 'SFT_EMPTY'],
      [{ messages: [user, { role: 'assistant', content: 3 }] }, 'SFT_EXAMPLE'],
      [{ prompt: 'a', completion: '' }, 'SFT_EMPTY'],
      [{ prompt: '', completion: 'a' }, 'SFT_EMPTY'],
      [{ prompt: 'a' }, 'SFT_EXAMPLE'],
      [{ text: '' }, 'SFT_EMPTY'],
      [{ text: 'a', prompt: 'b', completion: 'c' }, 'SFT_EXAMPLE'],
      [{ promptTokens: [1, -1], completionTokens: [2] }, 'SFT_EXAMPLE'],
      [{ promptTokens: [1], completionTokens: [] }, 'SFT_EMPTY'],
      [{ question: 'a' }, 'SFT_EXAMPLE'],
      ['a', 'SFT_EXAMPLE'],
    ];
    for (const [value, code] of cases) {
      const read = () => rowsOf([parseExample(value, 'train.jsonl:1')], tokenizer, settings, 200);
      expect(read, JSON.stringify(value)).toThrow(expect.objectContaining({ code }) as Error);
    }
    await writeFile(path('train.jsonl'), '{"text": "a"}\r\n\n{"text": "b"\n');
    await expect(readExamples(path('train.jsonl'))).rejects.toMatchObject({ code: 'SFT_JSON', where: `${path('train.jsonl')}:3` });
    await writeFile(
      path('train.jsonl'),
      '\ufeff{"text": "a"}\r\n\n{"prompt": [{"role": "user", "content": "a"}], "completion": [{"role": "assistant", "content": "b"}], "id": 7}',
    );
    expect(await readExamples(path('train.jsonl'))).toEqual([{ text: 'a' }, { messages: [user, assistant], learnFrom: 1 }]);
    await expect(readExamples(path('none.jsonl'))).rejects.toMatchObject({ code: 'FILE_MISSING' });
  });

  test('whatever JSON an example is, it is one or an SftError', () => {
    const message = fc.record({ role: fc.constantFrom('user', 'assistant', 'system', 'x', 1), content: fc.constantFrom('a', '', 1) }, { requiredKeys: [] }); // prettier-ignore
    const example = fc.record(
      {
        messages: fc.array(message),
        prompt: fc.jsonValue(),
        completion: fc.jsonValue(),
        text: fc.jsonValue(),
        promptTokens: fc.array(fc.integer()),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(example, fc.jsonValue()), (value) => {
        try {
          rowsOf([parseExample(value, 'x:1')], tokenizer, settings, 200);
        } catch (error) {
          expect(error).toBeInstanceOf(SftError);
        }
      }),
      { numRuns: 200 },
    );
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Tokenizer } from '@expctr/language-model';
import { MODELS } from './models.js';
import { added, letters } from './synthetic.js';

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const joinedBytes = (tokenizer: Tokenizer, ids: readonly number[]): string =>
  utf8.decode(Uint8Array.from(ids.flatMap((id) => [...tokenizer.tokenBytes(id)])));

for (const { name, missing, load, fixture } of MODELS) {
  for (const { name: kind, text, ids, decoded } of fixture.texts) {
    test.skipIf(missing)(`${name}: "${kind}" has the ids that transformers gives it, and decodes to the same text`, async () => {
      const tokenizer = await load();
      expect([...tokenizer.encode({ form: 'completion', text })]).toEqual(ids);
      expect(tokenizer.decode(ids)).toBe(decoded);
    });
  }

  for (const { name: kind, messages, ids, continued } of fixture.chats) {
    test.skipIf(missing)(`${name}: the chat "${kind}" has the ids of its rendered template, also when its answer is begun`, async () => {
      const tokenizer = await load();
      expect([...tokenizer.encode({ form: 'chat', messages })]).toEqual(ids);
      expect([...tokenizer.encode({ form: 'chat', messages, continuation: 'So the user will' })]).toEqual(continued);
    });
  }

  test.skipIf(missing)(`${name}: a continuation has the ids that follow its prompt when both are written as one text`, async () => {
    const tokenizer = await load();
    const prompts = ['Once upon a time', 'Does the user like it?', 'Movie: Heat (1995)\nAnswer:', 'Amélie 🎬', '"quoted"', '1995'];
    for (const prompt of prompts) {
      for (const answer of [' Yes', ' No', ' like', ' dislike', ' 10', ' 🎬', ' Lily was happy.']) {
        const joint = tokenizer.encode({ form: 'completion', text: prompt + answer });
        expect([...tokenizer.encode({ form: 'completion', text: prompt }), ...tokenizer.encodeText(answer)]).toEqual([...joint]);
      }
    }
  });

  test.skipIf(missing)(`${name}: prompt and continuation decode to both texts, whatever they are`, async () => {
    const tokenizer = await load();
    // SentencePiece writes spaces as U+2581, and a decoder that meets that character gives a space back.
    const text = fc.string({ unit: 'grapheme', maxLength: 20 }).map((value) => value.replaceAll('▁', ''));
    fc.assert(
      fc.property(text, text, (prompt, continuation) => {
        const ids = [...tokenizer.encode({ form: 'completion', text: `a${prompt}` }), ...tokenizer.encodeText(continuation)];
        expect(tokenizer.decode(ids)).toBe(`a${prompt}${continuation}`);
        expect(tokenizer.decodeText(tokenizer.encodeText(continuation))).toBe(continuation);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  test.skipIf(missing)(`${name}: the bytes of tokens, joined, are their text, whatever they are`, async () => {
    const tokenizer = await load();
    fc.assert(
      fc.property(fc.array(fc.nat(tokenizer.vocabularySize + 2), { maxLength: 12 }), (ids) => {
        expect(joinedBytes(tokenizer, ids)).toBe(tokenizer.decodeText(ids));
      }),
      { numRuns: 200, seed: 3 },
    );
    for (const text of ['Amélie 🎬', ' 千と千尋', ' a\n\tb', '\u0000\u007f'])
      expect(joinedBytes(tokenizer, [...tokenizer.encodeText(text)])).toBe(text);
  });

  test.skipIf(missing)(`${name}: special tokens are left out of decoded text`, async () => {
    const tokenizer = await load();
    const [end = -1] = tokenizer.eosTokenIds;
    const ids = [...tokenizer.encode({ form: 'completion', text: 'good film' }), end];
    expect(tokenizer.decode(ids)).toBe('good film');
    expect(tokenizer.decodeText([...tokenizer.encodeText(' good film'), end])).toBe(' good film');
    expect(tokenizer.decode([])).toBe('');
    expect(tokenizer.decode(Int32Array.of(end))).toBe('');
  });
}

test.skipIf(MODELS[0]?.missing)(
  'stories260K: begin-of-sequence stands before completions only, and there is no chat template',
  async () => {
    const tokenizer = await (MODELS[0] as (typeof MODELS)[number]).load();
    expect(tokenizer).toMatchObject({ vocabularySize: 512, bosTokenId: 1, eosTokenIds: [2], padTokenId: null, hasChatTemplate: false });
    expect([...tokenizer.encode({ form: 'completion', text: '' })]).toEqual([1]);
    expect([...tokenizer.encodeText('')]).toEqual([]);
  },
);

test.skipIf(MODELS[1]?.missing)('SmolLM2: nothing is put before completions, and the padding token is the end of a turn', async () => {
  const tokenizer = await (MODELS[1] as (typeof MODELS)[number]).load();
  expect(tokenizer).toMatchObject({ vocabularySize: 49152, bosTokenId: 1, eosTokenIds: [2], padTokenId: 2, hasChatTemplate: true });
  expect([...tokenizer.encode({ form: 'completion', text: '' })]).toEqual([]);
});

test('added tokens have bytes, special ones none, and a decoder that strips does not strip within a text', () => {
  const decoders = [{ type: 'Replace', pattern: { String: '▁' }, content: ' ' }, { type: 'Fuse' }, { type: 'Strip', content: ' ', start: 1, stop: 0 }]; // prettier-ignore
  const tokenizer = letters({
    added_tokens: [added(2, '</s>'), added(39, '<think>', { special: false })],
    decoder: { type: 'Sequence', decoders },
  });
  expect(joinedBytes(tokenizer, [...tokenizer.encodeText(' yes')])).toBe(' yes');
  expect(joinedBytes(tokenizer, [2, 39, 10_000])).toBe('<think>');
});

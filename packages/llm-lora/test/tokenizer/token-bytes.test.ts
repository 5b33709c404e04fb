import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Tokenizer } from '@expctr/language-model';
import { MODELS } from './models.js';
import { added, letters } from './synthetic.js';

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const joined = (tokenizer: Tokenizer, ids: readonly number[]): string =>
  utf8.decode(Uint8Array.from(ids.flatMap((id) => [...tokenizer.tokenBytes(id)])));

for (const { name, missing, load } of MODELS) {
  test.skipIf(missing)(`${name}: the bytes of tokens, joined, are their text, whatever they are`, async () => {
    const tokenizer = await load();
    const ids = fc.array(fc.nat(tokenizer.vocabularySize + 2), { maxLength: 12 });
    fc.assert(
      fc.property(ids, (tokens) => {
        expect(joined(tokenizer, tokens)).toBe(tokenizer.decodeText(tokens));
      }),
      { numRuns: 200, seed: 3 },
    );
    for (const text of ['Amélie 🎬', ' 千と千尋', '▁ a\n\tb', '\u0000\u007f']) {
      if (!text.includes('▁')) expect(joined(tokenizer, [...tokenizer.encodeText(text)])).toBe(text);
    }
  });
}

test('added tokens have their own text, special ones none, and a decoder that strips does not strip within a text', () => {
  const tokenizer = letters({
    added_tokens: [added(2, '</s>'), added(3, '<think>', { special: false })],
    decoder: { type: 'Sequence', decoders: [{ type: 'Replace', pattern: { String: '▁' }, content: ' ' }, { type: 'Fuse' }, { type: 'Strip', content: ' ', start: 1, stop: 0 }] }, // prettier-ignore
  });
  const ids = [...tokenizer.encodeText(' yes')];
  expect(joined(tokenizer, ids)).toBe(' yes');
  expect(joined(tokenizer, [2, 3, 10_000])).toBe('<think>');
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { attributeEncoder, saidOf } from '../src/by-attribute.js';
import { createHashedEncoder } from '../src/index.js';

test('what is said of an attribute are the sentences that name its value, as a word, which is written as it', () => {
  const text = 'Grim delights them. They avoid a dark comedy; comedies bore them! A grim, grim place.';
  expect(saidOf(text, ['grim'])).toBe('it delights them. A it, it place.');
  expect(saidOf(text, ['Comedy', 'dark comedy'])).toBe('They avoid a it;');
  expect(saidOf(text, ['comed'])).toBe('');
  expect(saidOf(text, [])).toBe('');
  expect(saidOf(text, [''])).toBe('');
  expect(saidOf('C++ (1999) suits them.', ['C++ (1999)'])).toBe('it suits them.');
});

test('the vector is the text’s, then one for each attribute, zero where nothing is said', async () => {
  const encoder = createHashedEncoder({ dimension: 16 });
  const own = attributeEncoder(encoder, ['tone', 'genre', 'year']);
  expect(own.dimension).toBe(64);
  const texts = [
    { text: 'grim delights them. horror bores them.', attributes: { tone: ['grim'], genre: ['horror'], year: ['1999'] } },
    { text: 'witty delights them.', attributes: { tone: ['witty'], genre: ['noir'] } },
    { text: '', attributes: {} },
  ];
  const vectors = await own.encode(texts);
  const part = (row: number, block: number): number[] => [...vectors.subarray((row * 4 + block) * 16, (row * 4 + block + 1) * 16)];
  const of = async (text: string): Promise<number[]> => [...(await encoder.encode([text]))];
  const zero = new Array(16).fill(0);
  expect([0, 1, 2, 3].map((block) => part(0, block))).toEqual([
    await of('grim delights them. horror bores them.'),
    await of('it delights them.'),
    await of('it bores them.'),
    zero,
  ]);
  expect(part(1, 1)).toEqual(part(0, 1)); // another tone, the same said of it
  expect([part(1, 2), part(2, 0), part(2, 1)]).toEqual([zero, zero, zero]);
});

test('a text’s vector does not depend on what else is encoded', async () => {
  const own = attributeEncoder(createHashedEncoder({ dimension: 8 }), ['tone']);
  const tone = fc.constantFrom('grim', 'witty');
  const text = fc.record({
    text: fc.constantFrom('grim delights them.', 'witty bores them. grim bores them.', 'nothing', ''),
    attributes: fc.record({ tone: fc.array(tone, { maxLength: 2 }) }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 6 }), async (texts) => {
      const together = await own.encode(texts);
      const alone = await own.encode([texts.at(-1)!]);
      expect([...together.subarray(-own.dimension)]).toEqual([...alone]);
    }),
  );
});

test('a text that was cut is named by its place, a part of it is not', async () => {
  const cutting = {
    dimension: 1,
    encode: (texts: readonly string[], options?: { onTruncated?: (index: number) => void }) => {
      texts.forEach((text, index) => text.length > 20 && options?.onTruncated?.(index));
      return Promise.resolve(new Float32Array(texts.length));
    },
  };
  const cut: number[] = [];
  const long = { text: 'grim delights them, and how it does.', attributes: { tone: ['grim'] } };
  await attributeEncoder(cutting, ['tone']).encode([{ text: 'short', attributes: {} }, long, long], { onTruncated: (at) => cut.push(at) });
  expect(cut).toEqual([1, 2]);
});

import { expect, test } from 'vitest';
import { createHashedEncoder, loadEncoder, type EncoderFactory } from '../src/index.js';
import { fixturePath } from './support.js';

test('hashed and hashed:D are bags of words', async () => {
  expect((await loadEncoder('hashed')).dimension).toBe(256);
  const encoder = await loadEncoder('hashed:64', { ngrams: 2 });
  expect([encoder.dimension, encoder.name]).toEqual([64, 'hashed:64,ngrams=2']);
});

test.each(['hashed:', 'hashed:many', 'transformers'])('%j is refused', async (spec) => {
  await expect(loadEncoder(spec)).rejects.toMatchObject({ code: 'ENCODER_SPEC' });
});

test('anything else is a transformers model, with or without the word', async () => {
  const folder = fixturePath('tiny-encoder');
  const [plain, named] = [await loadEncoder(folder, { pooling: 'mean' }), await loadEncoder(`transformers:${folder}`, { pooling: 'mean' })];
  expect(plain.dimension).toBe(8);
  expect(named.identity).toBe(plain.identity);
  await expect(loadEncoder('/no/such/folder')).rejects.toMatchObject({ code: 'ENCODER_NOT_FOUND' });
});

test('an encoder of one’s own is found by its name', async () => {
  const mine: EncoderFactory = (argument) => Promise.resolve({ ...createHashedEncoder({ dimension: 4 }), name: `mine ${argument}` });
  expect((await loadEncoder('mine:x:y', { factories: { mine } })).name).toBe('mine x:y');
});

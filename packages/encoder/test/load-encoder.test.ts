import { expect, test } from 'vitest';
import { z } from 'zod';
import { createHashedEncoder, encoders, findEncoder, loadEncoder, type EncoderPart } from '../src/index.js';
import { fixturePath } from './support.js';

test('every kind is called as its line in the table, and describes itself and its options, each with a default', () => {
  for (const [name, part] of Object.entries<EncoderPart>(encoders)) {
    expect(part.name).toBe(name);
    expect(part.description).not.toBe('');
    expect(() => part.options.parse({})).not.toThrow();
    for (const [option, field] of Object.entries(part.options.shape)) expect((field as z.ZodType).description, option).toBeTruthy();
  }
});

test.each([
  ['hashed', 'hashed', undefined],
  ['hashed:64', 'hashed', '64'],
  ['static:a/b:c.arrow', 'static', 'a/b:c.arrow'],
  ['transformers:x/y', 'transformers', 'x/y'],
  ['Xenova/bge-small-en-v1.5', 'transformers', 'Xenova/bge-small-en-v1.5'],
  ['C:\\models\\bge', 'transformers', 'C:\\models\\bge'],
  ['constructor', 'transformers', 'constructor'],
])('%j is found as %s with the argument %j', (spec, name, argument) => {
  const found = findEncoder(spec);
  expect([found.part.name, found.argument]).toEqual([name, argument]);
});

test('hashed and hashed:D are bags of words', async () => {
  expect((await loadEncoder('hashed')).dimension).toBe(256);
  const encoder = await loadEncoder('hashed:64', { ngrams: 2 });
  expect([encoder.dimension, encoder.name]).toEqual([64, 'hashed:64,ngrams=2']);
});

test.each(['hashed:', 'hashed:many', 'transformers'])('%j is refused', async (spec) => {
  await expect(loadEncoder(spec)).rejects.toMatchObject({ code: 'ENCODER_SPEC' });
});

test.each([
  ['hashed', { ngrams: 0 }, 'encoder.ngrams'],
  ['hashed', { pooling: 'mean' }, 'pooling'],
  ['static', { seed: 1 }, 'seed'],
  ['no/such', { dtype: 'fp64' }, 'encoder.dtype'],
  ['no/such', { pooling: 'middle' }, 'encoder.pooling'],
])('%s with %j is refused by name', async (spec, options, name) => {
  await expect(loadEncoder(spec, options)).rejects.toMatchObject({
    code: 'ENCODER_OPTION',
    message: expect.stringContaining(name) as string,
  });
});

test('anything else is a transformers model, with or without the word', async () => {
  const folder = fixturePath('tiny-encoder');
  const [plain, named] = [await loadEncoder(folder, { pooling: 'mean' }), await loadEncoder(`transformers:${folder}`, { pooling: 'mean' })];
  expect(plain.dimension).toBe(8);
  expect(named.identity).toBe(plain.identity);
  expect(plain.identity).toContain('"maxTokens":256');
  expect((await loadEncoder(folder, { pooling: 'cls', maxTokens: 16 })).identity).toContain(
    '"pooling":"cls","normalize":true,"maxTokens":16',
  );
  await expect(loadEncoder(folder)).rejects.toMatchObject({ code: 'ENCODER_POOLING_REQUIRED' });
  await expect(loadEncoder('/no/such/folder')).rejects.toMatchObject({ code: 'ENCODER_NOT_FOUND' });
});

test('an encoder of one’s own is found by its name, with its options', async () => {
  const options = z.object({ dimension: z.int().default(4) });
  const mine: EncoderPart<z.output<typeof options>> = {
    name: 'mine',
    description: 'of my own',
    options,
    load: (argument, { dimension }) => Promise.resolve({ ...createHashedEncoder({ dimension }), name: `mine ${argument}` }),
  };
  const encoder = await loadEncoder('mine:x:y', { dimension: 3 }, { encoders: [mine] });
  expect([encoder.name, encoder.dimension]).toEqual(['mine x:y', 3]);
  expect((await loadEncoder('mine', {}, { encoders: [mine] })).dimension).toBe(4);
});

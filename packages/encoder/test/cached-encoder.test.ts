import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodePart, partName } from '../src/cache/cache-part.js';
import { cachedEncoder, createHashedEncoder, EncoderCacheError, type Encoder } from '../src/index.js';
import { temporaryFolder } from './support.js';

const D = 16;

/** A hashed encoder that tells what it was asked and calls texts of more than ten characters truncated. */
function spy(overrides: Partial<Encoder> = {}): Encoder & { readonly asked: string[][] } {
  const inner = createHashedEncoder({ dimension: D });
  const asked: string[][] = [];
  return {
    ...inner,
    ...overrides,
    asked,
    encode: (texts, options = {}) => {
      asked.push([...texts]);
      texts.forEach((text, at) => text.length > 10 && options.onTruncated?.(at));
      return inner.encode(texts, options);
    },
  };
}

async function files(path: string): Promise<string[]> {
  const folders = await readdir(path);
  return (
    await Promise.all(folders.map(async (folder) => (await readdir(join(path, folder))).map((file) => join(path, folder, file))))
  ).flat();
}

test('only texts that are new reach the encoder, each once, in one run and over runs', async () => {
  const path = await temporaryFolder();
  const first = spy();
  const cache = cachedEncoder(first, { path });
  await cache.encode(['a', 'b', 'a', '']);
  await cache.encode(['b', 'c', '']);
  expect(first.asked.filter((texts) => texts.length > 0)).toEqual([['a', 'b', ''], ['c']]);
  expect(cache.statistics).toEqual({ hits: 2, misses: 4 });

  const second = spy();
  const again = await cachedEncoder(second, { path }).encode(['c', 'd', 'a']);
  expect(second.asked.flat()).toEqual(['d']);
  expect(again).toEqual(await createHashedEncoder({ dimension: D }).encode(['c', 'd', 'a']));
});

test('a cached encoder gives what the encoder gives, over any calls, in a handful of files', async () => {
  const inner = createHashedEncoder({ dimension: D });
  const texts = fc.array(fc.constantFrom('a', 'b', 'c', 'd e', 'f g h', '', 'i', 'j', 'k'), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(fc.array(texts, { minLength: 1, maxLength: 8 }), async (calls) => {
      const path = await temporaryFolder();
      const cache = cachedEncoder(inner, { path });
      for (const call of calls) expect(await cache.encode(call)).toEqual(await inner.encode(call));
      const reopened = cachedEncoder(inner, { path });
      for (const call of calls) expect(await reopened.encode(call)).toEqual(await inner.encode(call));
      expect(reopened.statistics.misses).toBe(0);
      expect((await files(path).catch(() => [])).length).toBeLessThanOrEqual(4);
    }),
    { numRuns: 15 },
  );
});

test('a crash between writing a merged part and removing the ones it replaces leaves nothing twice in the end', async () => {
  const path = await temporaryFolder();
  const inner = createHashedEncoder({ dimension: D });
  const cache = cachedEncoder(inner, { path });
  await cache.encode(['a', 'b']);
  const [old] = await files(path);
  const bytes = await readFile(old!);
  await cache.encode(['c', 'd']);
  await writeFile(old!, bytes); // as if it had not been removed
  expect((await files(path)).length).toBe(2);

  const reopened = cachedEncoder(inner, { path });
  const texts = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  expect(await reopened.encode(texts)).toEqual(await inner.encode(texts));
  expect(reopened.statistics).toEqual({ hits: 4, misses: 4 });
  const [only, ...others] = await files(path);
  expect(others).toEqual([]);
  expect(tableFromIPC(await readFile(only!)).numRows).toBe(8);
});

test('calls made at the same time do not encode a text twice', async () => {
  const encoder = spy();
  const cache = cachedEncoder(encoder, { path: await temporaryFolder() });
  await Promise.all([cache.encode(['a', 'b']), cache.encode(['b', 'c']), cache.encode(['c', 'a'])]);
  expect(encoder.asked.flat()).toEqual(['a', 'b', 'c']);
});

test('encoders and settings keep apart in one folder', async () => {
  const path = await temporaryFolder();
  await cachedEncoder(spy({ identity: 'x pooling=mean' }), { path }).encode(['a']);
  const other = spy({ identity: 'x pooling=cls' });
  await cachedEncoder(other, { path }).encode(['a']);
  expect(other.asked.flat()).toEqual(['a']);
  const wider = createHashedEncoder({ dimension: 32 });
  expect(await cachedEncoder(wider, { path }).encode(['a'])).toEqual(await wider.encode(['a']));
});

test('truncated texts are counted from the cache as they were from the encoder', async () => {
  const path = await temporaryFolder();
  const texts = ['short', 'a text that is long', 'short', 'a text that is long'];
  for (let run = 0; run < 2; run += 1) {
    const cache = cachedEncoder(spy(), { path });
    const cut: number[] = [];
    await cache.encode(texts, { onTruncated: (at) => cut.push(at) });
    expect(cut).toEqual([1, 3]);
    expect(cache.truncated).toBe(2);
  }
});

test('the files are Arrow tables that say whose vectors they hold', async () => {
  const path = await temporaryFolder();
  await cachedEncoder(createHashedEncoder({ dimension: D }), { path }).encode(['a', 'b']);
  const [file] = await files(path);
  const table = tableFromIPC(await readFile(file!));
  expect(Object.fromEntries(table.schema.metadata)).toEqual({
    'expctr.schema': 'embedding-cache/1',
    'expctr.encoder': `hashed:${D}`,
    'expctr.dimension': String(D),
  });
  expect(table.numRows).toBe(2);
});

test.each([
  ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 20)],
  ['emptied', () => Buffer.alloc(0)],
  ['changed in one bit', (bytes: Buffer) => bytes.map((byte, at) => (at === bytes.length >> 1 ? byte ^ 1 : byte))],
])('a cache file that was %s is an error that names it and says to delete it; then all is well', async (_, damage) => {
  const path = await temporaryFolder();
  await cachedEncoder(spy(), { path }).encode(['a', 'b']);
  const [file] = await files(path);
  await writeFile(file!, damage(await readFile(file!)));
  const cache = cachedEncoder(spy(), { path });
  const error: unknown = await cache.encode(['a']).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(EncoderCacheError);
  expect(error).toMatchObject({ code: 'ENCODER_CACHE_DAMAGED', where: file, remedy: expect.stringContaining('delete') as string });
  await rm(file!);
  expect(await cache.encode(['a'])).toEqual(await createHashedEncoder({ dimension: D }).encode(['a']));
});

test('a path that is a file is refused by name', async () => {
  const path = join(await temporaryFolder(), 'file');
  await writeFile(path, '');
  await expect(cachedEncoder(spy(), { path }).encode(['a'])).rejects.toMatchObject({ code: 'ENCODER_CACHE_PATH' });
});

test('what an encoder rejects with reaches the caller and leaves the cache usable', async () => {
  let fail = true;
  const inner = createHashedEncoder({ dimension: D });
  const flaky: Encoder = { ...inner, encode: (texts) => (fail ? Promise.reject(new Error('out of memory')) : inner.encode(texts)) };
  const cache = cachedEncoder(flaky, { path: await temporaryFolder() });
  await expect(cache.encode(['a'])).rejects.toThrow('out of memory');
  fail = false;
  expect(await cache.encode(['a'])).toEqual(await inner.encode(['a']));
});

test.each([
  ['a value that is not finite', (vectors: Float32Array) => vectors.fill(Number.NaN, D, D + 1), /the vector of "b" holds NaN/u],
  ['too few values', (vectors: Float32Array) => vectors.subarray(1), /gave 31 values/u],
])('an encoder that gives %s is an error, and nothing of it is kept', async (_, spoil, message) => {
  const path = await temporaryFolder();
  const inner = createHashedEncoder({ dimension: D });
  const broken: Encoder = { ...inner, encode: async (texts) => spoil(await inner.encode(texts)) };
  const error: unknown = await cachedEncoder(broken, { path })
    .encode(['a', 'b'])
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'ENCODER_RESULT', message: expect.stringMatching(message) as string });
  expect(await readdir(path)).toEqual([]);
});

test('a part whose name fits, with a vector that is not finite, is damage', async () => {
  const path = await temporaryFolder();
  await cachedEncoder(spy(), { path }).encode(['a']);
  const [file] = await files(path);
  const vectors = new Float32Array(D).fill(Number.POSITIVE_INFINITY);
  const bytes = encodePart({ keys: ['0'.repeat(64)], vectors, truncated: new Uint8Array(1) }, D, `hashed:${D}`);
  await writeFile(join(dirname(file!), partName(bytes)), bytes);
  await expect(cachedEncoder(spy(), { path }).encode(['a'])).rejects.toMatchObject({ code: 'ENCODER_CACHE_DAMAGED' });
});

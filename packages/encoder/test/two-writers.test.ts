import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { cachedEncoder, createHashedEncoder } from '../src/index.js';
import { temporaryFolder } from './support.js';

const D = 16;
const inner = createHashedEncoder({ dimension: D });
const textsOf = (writer: number): string[] => Array.from({ length: 12 }, (_, k) => `text ${k * (writer + 1)}`);

test('any number of caches of one process may write the same folder, the same texts among them', async () => {
  const path = await temporaryFolder();
  const writers = [0, 1, 0, 2];
  await Promise.all(
    writers.map(async (writer) => {
      const cache = cachedEncoder(inner, { path });
      for (const text of textsOf(writer)) expect(await cache.encode([text])).toEqual(await inner.encode([text]));
    }),
  );
  await expectAll(path, writers);
});

test('two processes may write the same folder at once: nothing is lost, and nothing is damaged', { timeout: 60_000 }, async () => {
  const path = await temporaryFolder();
  const script = join(await temporaryFolder(), 'writer.mts');
  const source = (file: string): string => JSON.stringify(pathToFileURL(join(import.meta.dirname, '../src', file)).href);
  await writeFile(
    script,
    `import { cachedEncoder } from ${source('cache/cached-encoder.ts')};
     import { createHashedEncoder } from ${source('hashed/hashed-encoder.ts')};
     const cache = cachedEncoder(createHashedEncoder({ dimension: ${D} }), { path: ${JSON.stringify(path)} });
     await cache.encode([]); // both have opened the folder, and know nothing of one another, before either writes
     process.stdout.write('ready');
     for await (const _ of process.stdin) break;
     for (const text of JSON.parse(process.argv[2])) await cache.encode([text]);
     process.exit(0);`,
  );
  const tsx = createRequire(import.meta.url).resolve('tsx/esm');
  const mine = cachedEncoder(inner, { path });
  await mine.encode([]);
  const args = ['--conditions=@expctr/source', '--import', pathToFileURL(tsx).href, script, JSON.stringify(textsOf(1))];
  const other = promisify(execFile)(process.execPath, args);
  await new Promise((resolve) => other.child.stdout!.once('data', resolve));
  other.child.stdin!.write('go\n');
  for (const text of textsOf(2)) await mine.encode([text]);
  await other;
  await expectAll(path, [1, 2]);
});

/** Every text of every writer is in the folder, with its vector, and no temporary file is left. */
async function expectAll(path: string, writers: readonly number[]): Promise<void> {
  const texts = writers.flatMap(textsOf);
  const reopened = cachedEncoder(inner, { path });
  expect(await reopened.encode(texts)).toEqual(await inner.encode(texts));
  expect(reopened.statistics.misses).toBe(0);
  const [folder] = await readdir(path);
  expect((await readdir(join(path, folder!))).filter((name) => !name.endsWith('.arrow'))).toEqual([]);
}

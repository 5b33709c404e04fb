import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { replaceAtomically, writeFileAtomic } from '../src/index.js';
import { removeTemporaryFiles } from '../src/node.js';

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'expctr-atomic-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('writers of one file at the same time leave the whole of what one of them wrote, and nothing else', async () => {
  const folder = await temporaryFolder();
  const contents = Array.from({ length: 8 }, (_, writer) => `${writer}`.repeat(1000 + writer));
  await Promise.all(contents.map((content) => writeFileAtomic(join(folder, 'file'), content)));
  expect(contents).toContain(await readFile(join(folder, 'file'), 'utf8'));
  expect(await readdir(folder)).toEqual(['file']);
});

test('what a killed writer leaves is removed as a temporary file', async () => {
  const folder = await temporaryFolder();
  await new Promise<void>((written) => {
    void replaceAtomically(join(folder, 'file'), async (temporary) => {
      await writeFile(temporary, 'half');
      written();
      await new Promise(() => undefined); // never comes back
    });
  });
  expect(await readdir(folder)).toHaveLength(1);
  await removeTemporaryFiles(folder);
  expect(await readdir(folder)).toEqual([]);
});

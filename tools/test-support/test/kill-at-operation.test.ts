import fs from 'node:fs';
import { appendFile, mkdir, mkdtemp, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { diesAt, momentsOf, operationsOf, visitMoments, type Moment } from '../src/index.js';

async function freshFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'expctr-moments-'));
}

/** Changes files in every way that is watched. */
async function work(root: string): Promise<void> {
  const at = (name: string): string => join(root, name);
  await mkdir(at('folder'));
  for (const name of ['1', '2', '3']) await writeFile(at(`folder/${name}`), name.repeat(10));
  await writeFile(at('folder/1'), 'written over');
  await writeFile(at('new'), 'a new file', { flag: 'wx' });
  await appendFile(at('new'), ', longer');
  const handle = await open(at('bytes'), 'w');
  try {
    await handle.write(Buffer.from('by a handle'));
    await handle.writev([Buffer.from(' and'), Buffer.from(' in parts')]);
  } finally {
    await handle.close();
  }
  const log = fs.openSync(at('log'), 'a');
  fs.writeSync(log, Buffer.from('a line\n'));
  fs.writeSync(log, Buffer.from('another line\n'));
  fs.closeSync(log);
  await rename(at('bytes'), at('folder/bytes'));
  await rm(at('folder'), { recursive: true });
  await rm(at('folder'), { recursive: true, force: true });
}

/** Path and text of every file, and paths of folders. */
async function contentOf(root: string): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    content[path.slice(root.length)] = entry.isFile() ? await readFile(path, 'utf8') : 'a folder';
  }
  return content;
}

test('one run visited at every moment shows what each death there leaves, and ends as if nobody had looked', async () => {
  const root = await freshFolder();
  const operations = await operationsOf(root, () => work(root));
  const moments = momentsOf(operations);
  expect(operations.length).toBeGreaterThan(12);
  expect(moments.length).toBeGreaterThan(operations.length + 8);

  const visited = await freshFolder();
  const copies = await freshFolder();
  const seen = new Map<Moment, string>();
  await visitMoments(
    visited,
    moments,
    () => work(visited),
    (moment) => {
      seen.set(moment, join(copies, String(seen.size)));
      fs.cpSync(visited, seen.get(moment)!, { recursive: true });
    },
  );
  expect(await contentOf(visited)).toEqual(await contentOf(root));
  for (const moment of moments) {
    const dead = await freshFolder();
    expect(await diesAt(dead, moment, () => work(dead))).toBe(true);
    expect(await contentOf(seen.get(moment)!), JSON.stringify(moment)).toEqual(await contentOf(dead));
  }
});

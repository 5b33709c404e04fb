import { mkdtemp, readdir, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { withLock } from '../src/lock.js';

const free = (): void => undefined;
let path = '';
beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'expctr-lock-')), 'blobs/x.lock');
});

test('one after the other, also where work fails, and nothing is left', async () => {
  let inside = 0;
  const work = (fails: boolean) =>
    withLock(path, free, async () => {
      expect((inside += 1)).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside -= 1;
      if (fails) throw new Error('no');
    });
  const results = await Promise.allSettled([work(true), work(false), work(false)]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  expect(await readdir(join(path, '..'))).toEqual([]);
});

/** A lock file as another process left it. */
const left = async (owner: object, ageMs = 0) => {
  await withLock(path, free, () => Promise.resolve()); // makes the folder
  await writeFile(path, JSON.stringify({ pid: process.pid, host: hostname(), token: 'other', ...owner }));
  const then = new Date(Date.now() - ageMs);
  await utimes(path, then, then);
};

test.each<[string, object, number]>([
  ['a process that is gone', { pid: 2 ** 22 + 1 }, 0],
  ['a machine that has not shown itself for minutes', { host: 'elsewhere' }, 120_000],
  ['a process whose number is used again', {}, 120_000],
])('the lock of %s is taken over', async (_, owner, age) => {
  await left(owner, age);
  expect(await withLock(path, free, () => Promise.resolve('done'))).toBe('done');
  expect(await readdir(join(path, '..'))).toEqual([]);
});

test.each<[string, object]>([
  ['a process that lives', {}],
  ['another machine that shows itself', { host: 'elsewhere', pid: 2 ** 22 + 1 }],
])('that of %s is waited for, until the one who waits gives up', async (_, owner) => {
  await left(owner);
  let looks = 0;
  const waiting = withLock(
    path,
    () => {
      if ((looks += 1) === 3) throw new Error('enough');
    },
    () => Promise.resolve(),
  );
  await expect(waiting).rejects.toThrow('enough');
});

test('of many who find a stale lock, one at a time works', async () => {
  await left({ pid: 2 ** 22 + 1 });
  let inside = 0;
  const work = () =>
    withLock(path, free, async () => {
      expect((inside += 1)).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 10));
      inside -= 1;
    });
  await Promise.all(Array.from({ length: 8 }, work));
});

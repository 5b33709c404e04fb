import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { inRunFolder, lockRun, type LockOwner, type RunFolder } from '../src/index.js';
import { freshFolder } from './mini-run.js';

let folder: RunFolder;
beforeEach(async () => {
  folder = await freshFolder();
  await mkdir(folder.root);
});

const owner = async (): Promise<LockOwner> => JSON.parse(await readFile(folder.lock, 'utf8')) as LockOwner;

/** Puts the lock of some other process in the place. */
async function lockOf(change: Partial<LockOwner>, ageSeconds = 0): Promise<LockOwner> {
  await rm(folder.lock, { force: true });
  const mine = await lockRun(folder);
  const other = { ...(await owner()), token: 'another', ...change };
  await mine.release();
  await writeFile(folder.lock, JSON.stringify(other));
  const then = Date.now() / 1000 - ageSeconds;
  await utimes(folder.lock, then, then);
  return other;
}

async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid!;
}

describe('the lock of a run folder', () => {
  test('refuses a second holder and says who has it, since when, and what to do; it is free when it is given back', async () => {
    const lock = await lockRun(folder);
    const { since } = await owner();
    const error = await lockRun(folder).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'RUN_LOCKED', where: folder.lock });
    expect((error as Error).message).toContain(`process ${process.pid} on ${hostname()}`);
    expect((error as Error).message).toContain(since);
    expect((error as Error).message).toMatch(/last alive \d+ s ago/u);
    await lock.release();
    await lock.release();
    expect(await readdir(folder.root)).toEqual([]);
    await (await lockRun(folder)).release();
  });

  test('is taken over from a process that is gone from this machine, however young it is', async () => {
    const gone = await lockOf({ pid: await endedProcess() });
    const lock = await lockRun(folder);
    expect(lock.takenOver).toEqual(gone);
    await lock.check();
    await lock.release();
  });

  test('is taken over from a process whose number another one has now, and from an earlier life of this number', async () => {
    for (const change of [{ pid: process.ppid, process: 'earlier' }, { process: 'earlier' }, {}]) {
      const gone = await lockOf(change);
      const lock = await lockRun(folder);
      expect(lock.takenOver).toEqual(gone);
      await lock.release();
    }
  });

  test('of another machine counts as long as there are signs of life', async () => {
    for (const change of [{ host: 'elsewhere' }, { machine: 'another boot' }]) {
      await lockOf(change, 60);
      await expect(lockRun(folder)).rejects.toMatchObject({ code: 'RUN_LOCKED' });
      await lockOf({ ...change, pid: await endedProcess() }, 60);
      await expect(lockRun(folder)).rejects.toMatchObject({ code: 'RUN_LOCKED' });
      await lockOf(change, 600);
      await (await lockRun(folder)).release();
    }
  });

  test('that cannot be read counts while it is young', async () => {
    await writeFile(folder.lock, '');
    await expect(lockRun(folder)).rejects.toMatchObject({ code: 'RUN_LOCKED' });
    await utimes(folder.lock, 1, 1);
    await (await lockRun(folder)).release();
  });

  test('gives signs of life, and notices that it was taken', async () => {
    const lock = await lockRun(folder, { heartbeat: 10 });
    await utimes(folder.lock, 1, 1);
    await expect
      .poll(async () => lockRun(folder, { patience: 1000 }).catch((error: Error) => error.message))
      .toMatch(/last alive [01] s ago/u);
    await writeFile(folder.lock, JSON.stringify({ ...(await owner()), token: 'another', pid: 1 }));
    await expect(lock.check()).rejects.toMatchObject({ code: 'RUN_LOCK_LOST' });
    await lock.release();
    expect((await owner()).token).toBe('another');
  });

  test('many at once: one has it, and a stale one is taken over once', async () => {
    for (const stale of [false, true]) {
      if (stale) await lockOf({ pid: await endedProcess() });
      const tries = await Promise.allSettled(Array.from({ length: 20 }, () => lockRun(folder)));
      const won = tries.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      expect(won).toHaveLength(1);
      await won[0]!.check();
      await won[0]!.release();
    }
  });
});

describe('work in a run folder', () => {
  test('gives the lock back after an error, and leaves no folder in which nothing came to be', async () => {
    await expect(inRunFolder(folder, () => Promise.reject(new RangeError('no')))).rejects.toThrow(RangeError);
    expect(await readdir(dirname(folder.root))).toEqual([]);
  });

  test('a file in the place of the folder is a typed error', async () => {
    await writeFile(`${folder.root}-file`, '');
    const inFile = { ...folder, root: `${folder.root}-file/run`, lock: `${folder.root}-file/run/lock.json` };
    await expect(inRunFolder(inFile, () => Promise.resolve())).rejects.toMatchObject({ code: 'FILE_NOT_A_FOLDER' });
  });
});

import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The owner shows this often that it lives. */
const BEAT_MS = 5_000;
/** An owner on another machine that has not shown itself for so long is gone. */
const STALE_MS = 60_000;
const LOOK_MS = 100;

/**
 * Does `work` while no other process holds the lock; one whose owner is gone is taken over. It saves a second download of the same
 * file; that nothing wrong is put in place does not hang on it, since content is verified before it gets its name.
 * @param check called while waiting; it throws to give up
 */
export async function withLock<T>(path: string, check: () => void, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const owner = JSON.stringify({ pid: process.pid, host: hostname(), token: randomUUID() });
  while (!(await take(path, owner))) {
    check();
    await sleep(LOOK_MS);
  }
  const beat = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => undefined), BEAT_MS);
  beat.unref();
  try {
    return await work();
  } finally {
    clearInterval(beat);
    if ((await contentOf(path)) === owner) await rm(path, { force: true });
  }
}

async function take(path: string, owner: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(owner);
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  if (!(await isStale(path))) return false;
  // The last to put its name there has it: the others find another one.
  const mine = `${path}.${process.pid}-${randomUUID()}`;
  await writeFile(mine, owner);
  await rename(mine, path);
  await sleep(LOOK_MS);
  return (await contentOf(path)) === owner;
}

async function isStale(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  if (found === null) return false; // just released: the next look takes it
  if (Date.now() - found.mtimeMs > STALE_MS) return true;
  try {
    const { pid, host } = JSON.parse((await contentOf(path)) ?? '') as { pid: number; host: string };
    return host === hostname() && !isAlive(pid);
  } catch {
    return false; // its owner is just writing it
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function contentOf(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null);
}

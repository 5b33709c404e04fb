import { randomUUID } from 'node:crypto';
import { constants, readFileSync, rmSync } from 'node:fs';
import { copyFile, link, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { fileError } from '@expctr/core';
import { RunFolderError } from './errors.js';
import { isObject, readText } from './json-lines.js';
import { isAlive, ownerNow, type LockOwner } from './lock-owner.js';
import type { RunFolder } from './run-folder.js';

export type { LockOwner } from './lock-owner.js';

/** The right to write into a run folder. */
export interface RunLock {
  /** Whose lock was taken over, because its process is gone; null where there was none. */
  readonly takenOver: LockOwner | null;
  /** @throws RunFolderError `RUN_LOCK_LOST` where the lock is no more this process's */
  check(): Promise<void>;
  /** Gives it back; does nothing a second time. */
  release(): Promise<void>;
}

/** Options of {@link lockRun}. */
export interface LockOptions {
  /** Milliseconds between two signs of life. Default 10 s. */
  readonly heartbeat?: number;
  /** Milliseconds without one after which an owner on another machine counts as gone. Default 5 minutes. */
  readonly patience?: number;
}

/** Tokens of the locks that this process holds. */
const held = new Set<string>();

/**
 * Takes the lock of a run folder, which must be there: `lock.json` names the owner, and its time of change is the owner's last sign of
 * life. A lock whose process is gone from this machine, or gave no sign of life from another for `patience`, is taken over.
 * @throws RunFolderError `RUN_LOCKED` says who holds it, since when, and when it was last alive
 */
export async function lockRun(
  { lock: path }: Pick<RunFolder, 'lock'>,
  { heartbeat = 10_000, patience = 300_000 }: LockOptions = {},
): Promise<RunLock> {
  const token = randomUUID();
  let takenOver: LockOwner | null = null;
  try {
    while (!(await place(path, token))) {
      const found = await readOwner(path);
      if (found === null) continue; // it was given back meanwhile
      if (!isStale(found, patience)) throw locked(path, found);
      if (await setAside(path, found.text, token)) takenOver = found.owner;
    }
  } catch (error) {
    throw fileError(error, path);
  }
  held.add(token);

  const check = async (): Promise<void> => {
    const now = await readOwner(path);
    if (now?.owner?.token === token) return;
    throw new RunFolderError('RUN_LOCK_LOST', now?.owner ? `${named(now.owner)} has taken this folder over` : 'the lock was removed', {
      where: path,
      expected: 'the lock that this process took',
      remedy: 'let one process work in a folder; what was complete before is kept, and --resume goes on from there',
    });
  };
  const alive = setInterval(() => {
    const now = new Date();
    void check()
      .then(() => utimes(path, now, now))
      .catch(() => undefined); // the next step of the work finds out
  }, heartbeat);
  alive.unref();
  // process.exit() lets nothing asynchronous happen
  const atExit = (): void => {
    if (textAt(path).includes(token)) rmSync(path, { force: true });
  };
  process.once('exit', atExit);
  return {
    takenOver,
    check,
    async release() {
      if (!held.delete(token)) return;
      clearInterval(alive);
      process.removeListener('exit', atExit);
      if ((await readOwner(path))?.owner?.token === token) await rm(path, { force: true });
    },
  };
}

interface FoundLock {
  readonly text: string;
  /** Null where the file cannot be read as one. */
  readonly owner: LockOwner | null;
  /** Milliseconds since the last sign of life. */
  readonly age: number;
}

/** Puts a lock in its place, whole, where none is. @returns whether it did */
async function place(path: string, token: string): Promise<boolean> {
  const temporary = `${path}.${token}.${process.pid}.tmp`;
  await writeFile(temporary, `${JSON.stringify(ownerNow(token), null, 2)}\n`);
  try {
    await link(temporary, path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') throw error;
      await copyFile(temporary, path, constants.COPYFILE_EXCL); // a file system without links
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Removes a stale lock, unless another process was faster: then the new lock is put back. @returns whether it was the stale one */
async function setAside(path: string, text: string, token: string): Promise<boolean> {
  const aside = `${path}.${token}.${process.pid}.tmp`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  const same = textAt(aside) === text;
  if (!same) await link(aside, path).catch(() => undefined); // else its owner finds at its next step that it is lost
  await rm(aside, { force: true });
  return same;
}

async function readOwner(path: string): Promise<FoundLock | null> {
  const text = await readText(path);
  const found = text === null ? undefined : await stat(path).catch(() => undefined);
  return text === null || found === undefined ? null : { text, owner: parsed(text), age: Date.now() - found.mtimeMs };
}

function parsed(text: string): LockOwner | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) && typeof value['pid'] === 'number' && typeof value['token'] === 'string'
      ? (value as unknown as LockOwner)
      : null;
  } catch {
    return null;
  }
}

function isStale({ owner, age }: FoundLock, patience: number): boolean {
  if (owner === null) return age > patience;
  // this process had another life, in a container where numbers begin anew, or holds it
  if (owner.pid === process.pid && isAlive(owner) === true) return !held.has(owner.token);
  return !(isAlive(owner) ?? age <= patience);
}

function locked(path: string, { owner, age }: FoundLock): RunFolderError {
  const seconds = Math.max(0, Math.round(age / 1000));
  return new RunFolderError(
    'RUN_LOCKED',
    owner === null
      ? `the folder is locked, by whom cannot be read; the lock is ${seconds} s old`
      : `${named(owner)} works in this folder since ${owner.since}, and was last alive ${seconds} s ago`,
    {
      where: path,
      expected: 'one process in a run folder',
      remedy: 'wait for its end, or choose another folder by --out. If that process is gone, delete this file',
    },
  );
}

function named({ pid, host }: LockOwner): string {
  return `process ${pid} on ${host}`;
}

function textAt(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

import { existsSync } from 'node:fs';
import { mkdir, rmdir } from 'node:fs/promises';
import { fileError } from '@expctr/core';
import { lockRun, type LockOptions, type RunLock } from './lock.js';
import type { RunFolder } from './run-folder.js';
import { tidyRunFolder } from './tidy.js';

/** Options of {@link inRunFolder}. */
export interface InRunFolderOptions extends LockOptions {
  /** Also drops what cannot be read of `timing.jsonl`. */
  readonly repair?: boolean;
}

/**
 * Works in a run folder as the only process: makes the folder, takes its lock, and tidies up what a killed process left half done. The
 * lock is given back whatever happens, and a folder in which nothing came to be is removed. What the machine refuses is a FileError.
 * @throws RunFolderError `RUN_LOCKED`
 */
export async function inRunFolder<T>(
  folder: RunFolder,
  work: (lock: RunLock) => Promise<T>,
  { repair, ...options }: InRunFolderOptions = {},
): Promise<T> {
  try {
    await mkdir(folder.root, { recursive: true });
    const lock = await lockRun(folder, options);
    try {
      await tidyRunFolder(folder, repair);
      return await work(lock);
    } finally {
      await lock.release();
      if (!existsSync(folder.manifest)) await rmdir(folder.root).catch(() => undefined); // it may hold something else
    }
  } catch (error) {
    throw fileError(error);
  }
}

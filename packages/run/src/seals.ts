import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { withFileErrors } from '@expctr/core';
import { RunFolderError } from './errors.js';

/** What a file must be, byte for byte. */
export interface Seal {
  /** Its length. */
  readonly bytes: number;
  /** SHA-256 of its content, lower-case hexadecimal. */
  readonly sha256: string;
}

/** Seals by path inside the run folder, with `/` between its parts. */
export type Seals = Readonly<Record<string, Seal>>;

/** The seal of nothing. */
export const EMPTY_SEAL: Seal = { bytes: 0, sha256: createHash('sha256').digest('hex') };

/** The seal of a file's first `length` bytes, or of all of them. */
export async function sealOf(path: string, length = Infinity): Promise<Seal> {
  if (length === 0) return EMPTY_SEAL;
  const hash = createHash('sha256');
  let bytes = 0;
  const options = length === Infinity ? {} : { end: length - 1 };
  for await (const chunk of createReadStream(path, { ...options, highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/**
 * The seals of files, and of all files in folders, in the order of their names; what is not there has none.
 * @param known seals that are taken as they are: of files that are written once
 */
export async function sealPaths(root: string, paths: readonly string[], known: Seals = {}): Promise<Seals> {
  const seals: Record<string, Seal> = {};
  for (const path of await filesIn(paths)) {
    const name = nameIn(root, path);
    seals[name] = known[name] ?? (await withFileErrors(path, () => sealOf(path)));
  }
  return seals;
}

/** @throws RunFolderError `RUN_FILE_MISSING`, `RUN_FILE_DAMAGED` for the first file that is not what was sealed */
export async function checkSeals(root: string, seals: Seals): Promise<void> {
  for (const [name, seal] of Object.entries(seals)) {
    const path = join(root, name);
    const size = await sizeOf(path);
    if (size === null) throw missing(root, path);
    if (size !== seal.bytes) throw damaged(root, path, `it has ${size} bytes, and the run wrote ${seal.bytes}`);
    const { sha256 } = await withFileErrors(path, () => sealOf(path));
    if (sha256 !== seal.sha256) throw damaged(root, path, 'its bytes are not those that the run wrote');
  }
}

/** The error for a file of a run that is not what the run wrote. */
export function damaged(root: string, path: string, what: string): RunFolderError {
  return new RunFolderError('RUN_FILE_DAMAGED', what, {
    where: path,
    expected: 'the file as it was written',
    remedy: `put it back from a copy, or let the run make it anew: expctr-train --resume ${root} --repair`,
  });
}

function missing(root: string, path: string): RunFolderError {
  return new RunFolderError('RUN_FILE_MISSING', 'the run wrote this file, and it is gone', {
    where: path,
    remedy: `put it back from a copy, or let the run make it anew: expctr-train --resume ${root} --repair`,
  });
}

/** Name of a path inside the run folder, the same on every system. */
export function nameIn(root: string, path: string): string {
  return relative(root, path).split(sep).join('/');
}

async function sizeOf(path: string): Promise<number | null> {
  const found = await withFileErrors(path, () =>
    stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
      throw error;
    }),
  );
  return found?.isFile() === true ? found.size : null;
}

async function filesIn(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const path of paths) {
    if ((await sizeOf(path)) !== null) files.push(path);
    const inside = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of inside) if (entry.isFile()) files.push(join(entry.parentPath, entry.name));
  }
  return [...new Set(files)].sort();
}

import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { sha256 } from '@expctr/core';
import type { RunFolder } from '@expctr/run';

/** Files of a run that hold times, or that a cache put together by when which texts came. */
const MAY_DIFFER = /^(timing\.jsonl|report\.html|checkpoints\/vectors\/.*)$/u;

/** SHA-256 of every file of a run that must be the same however often the run was stopped. */
export async function contentOf({ root }: RunFolder): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = relative(root, join(entry.parentPath, entry.name));
    if (entry.isFile() && !MAY_DIFFER.test(path)) found[path] = sha256(await readFile(join(root, path)));
  }
  return found;
}

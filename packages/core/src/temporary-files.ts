import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Removes the temporary files that writers left below a folder when they were killed. Nobody may be writing there meanwhile. */
export async function removeTemporaryFiles(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && /\.\d+\.tmp$/u.test(entry.name)) await rm(join(entry.parentPath, entry.name), { force: true });
  }
}

import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a file so that a reader, or a crash, sees all of it or none: temporary name beside it, flush, rename.
 * Missing parent folders are made.
 */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  await replaceAtomically(path, async (temporary) => {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(content);
    } finally {
      await file.close();
    }
  });
}

/** As {@link writeFileAtomic} for writers that want a path: `write` fills the temporary file, which then takes `path`'s place. */
export async function replaceAtomically(path: string, write: (temporaryPath: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await write(temporary);
    const file = await open(temporary, 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

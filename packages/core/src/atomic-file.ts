import { dirname, mkdir, open, rename, rm, uniqueDigits } from '#platform';
import { fileError } from './file-error.js';

/**
 * Writes a file so that a reader, or a crash, sees all of it or none: temporary name beside it, flush, rename.
 * Missing parent folders are made. @throws FileError where the machine refuses, such as `FILE_NO_SPACE`
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
  const temporary = `${path}.${uniqueDigits()}.tmp`; // two writers, of one process or of two machines, each have their own
  try {
    await mkdir(dirname(path), { recursive: true });
    await write(temporary);
    const file = await open(temporary, 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    // what failed is what the caller must hear of, not that the rest cannot be removed either
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileError(error, path);
  }
}

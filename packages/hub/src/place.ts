import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, rename, rm, symlink } from 'node:fs/promises';
import { dirname, relative } from 'node:path';

/** Gives a blob its name in a snapshot: a relative link, or a copy where the file system has no links. */
export async function placeFile(blob: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}-${randomUUID()}.tmp`;
  try {
    await symlink(relative(dirname(path), blob), temporary).catch(async (error: unknown) => {
      const without = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'UNKNOWN'].includes((error as NodeJS.ErrnoException).code ?? '');
      if (!without) throw error;
      await copyFile(blob, temporary);
    });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

import { fileError } from '@expctr/core';
import { dirname, mkdir, readdir, rename, rm, rmdir, stat, uniqueDigits } from '@expctr/core/platform';
import { FormatError } from '../formats/errors.js';

/** @throws FormatError `MERGE_DESTINATION` where something is there already, but for an empty folder where a folder is wanted */
export async function checkDestination(path: string, kind: 'folder' | 'file'): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found === null) return;
  if (kind === 'folder' && found.isDirectory() && (await readdir(path)).length === 0) return;
  throw new FormatError('MERGE_DESTINATION', found.isDirectory() ? 'there is a folder already' : 'there is a file already', {
    where: path,
    expected: kind === 'folder' ? 'no such folder yet, or an empty one' : 'no such file yet',
    remedy: 'choose another path, or remove what is there',
    wrongUse: true,
  });
}

/** Fills a folder of a temporary name beside `path`, which then takes its place; where filling fails nothing is left. */
export async function makeFolder(path: string, fill: (temporary: string) => Promise<void>): Promise<void> {
  await checkDestination(path, 'folder');
  const temporary = `${path.replace(/[/\\]+$/, '')}.${uniqueDigits()}.tmp`;
  try {
    await mkdir(dirname(temporary), { recursive: true });
    await mkdir(temporary);
    await fill(temporary);
    await rmdir(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined); // what failed is what the caller must hear of
    throw fileError(error, path);
  }
}

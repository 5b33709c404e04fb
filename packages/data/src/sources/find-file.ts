import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../errors.js';

/** A file that was looked for. */
export interface FoundFile {
  readonly path: string;
  /** What the reader should know, for instance that a second file of that name was passed over. */
  readonly note?: string;
}

/**
 * Finds `name` or `name.gz` in a folder; of both, the plain one.
 * @throws DataError `DATA_FOLDER` where the folder cannot be read, `DATA_MISSING_FILE` where it holds neither.
 */
export async function findFile(folder: string, name: string): Promise<FoundFile> {
  const names = await namesIn(folder);
  const [plain, packed] = [names.includes(name), names.includes(`${name}.gz`)];
  if (!plain && !packed) {
    const here = names.length === 0 ? 'it is empty' : `it holds ${names.slice(0, 12).join(', ')}${names.length > 12 ? ', …' : ''}`;
    throw new DataError('DATA_MISSING_FILE', `there is no ${name} and no ${name}.gz in the folder; ${here}`, {
      where: folder,
      expected: `the dataset's files as they are published`,
      remedy: 'give the folder that holds them with --data-dir',
    });
  }
  const path = join(folder, plain ? name : `${name}.gz`);
  return plain && packed ? { path, note: `${name} was read, and ${name}.gz beside it passed over` } : { path };
}

/** The names in a folder, sorted. @throws DataError `DATA_FOLDER`. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new DataError('DATA_FOLDER', `the folder cannot be read (${code})`, {
      where: folder,
      expected: 'a folder with the files of a dataset',
      remedy: 'give it with --data-dir',
      cause,
    });
  }
}

import { existsSync } from 'node:fs';
import { mkdtemp, rmdir, stat, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileError, FileError } from '@expctr/core';
import { imageFiles, loadPca } from '@expctr/encoder';
import type { RunFolder } from '@expctr/run';
import { ConfigError } from '../config/errors.js';
import type { Config } from '../config/schema.js';
import type { Registry } from '../plugins/registry.js';

/** Adapters, tables and checkpoints of the smallest run take a few megabytes, those of a usual one some hundred. */
const LEAST_FREE_BYTES = 100_000_000;

/** The folder with the data is named where the dataset needs one, and it is there. What is in it is for the dataset to say. @throws ConfigError `CONFIG_NO_DATA_DIR` */
export async function checkDataFolder({ dataDir, dataset }: Config, registry: Registry): Promise<void> {
  if (dataDir === null) {
    if (registry.datasets.find(({ name }) => name === dataset)?.needsFolder !== true) return;
    throw new ConfigError('CONFIG_NO_DATA_DIR', `the dataset ${dataset} needs the folder with its files`, {
      where: '--data-dir',
      expected: 'a folder, a file or a zip archive',
      remedy: 'pass --data-dir FOLDER',
    });
  }
  if (dataDir.includes('://')) return; // a lake
  try {
    await stat(dataDir);
  } catch (cause) {
    if (!['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) throw fileError(cause, dataDir);
    if (/[*?[{]/u.test(dataDir)) return; // a pattern of files
    throw new ConfigError('CONFIG_NO_DATA_DIR', 'there is no such folder or file', {
      where: `--data-dir ${dataDir}`,
      expected: `the folder with the files of the dataset ${dataset}`,
      remedy: 'correct the path; a relative one is taken from the current folder',
      cause,
    });
  }
}

/**
 * Images and a PCA that the configuration names are there; images need not be once the run has their vectors. What they fit is seen when
 * data and encoder are. @throws EncoderError of wrong use
 */
export async function checkVectorPlaces({ images, encoder }: Config, { itemImages }: Pick<RunFolder, 'itemImages'>): Promise<void> {
  if (images.folder !== null && !existsSync(itemImages)) await imageFiles(images.folder);
  if (encoder.pca !== null) await loadPca(encoder.pca);
}

/**
 * A run can be written to this folder, which may not be there yet, and to the folder for temporary files.
 * @throws FileError of wrong use, as the file system says it: `FILE_NO_PERMISSION`, `FILE_READ_ONLY`, `FILE_NOT_A_FOLDER`, `FILE_NO_SPACE`
 */
export async function checkPlace(root: string, leastFreeBytes = LEAST_FREE_BYTES): Promise<void> {
  for (const place of [await nearestFolder(root), tmpdir()]) {
    await requireWritable(place);
    await requireSpace(place, leastFreeBytes);
  }
}

/** The folder itself, or the nearest above it that exists. */
async function nearestFolder(path: string): Promise<string> {
  try {
    if ((await stat(path)).isDirectory()) return path;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(path) !== path) return nearestFolder(dirname(path));
    throw asWrongUse(error, path);
  }
  throw new FileError('FILE_NOT_A_FOLDER', 'this is a file where a folder is needed', {
    where: path,
    remedy: 'choose another --out, or remove the file',
    wrongUse: true,
  });
}

/** Permissions alone do not say it: of a read-only file system, or to the superuser. */
async function requireWritable(folder: string): Promise<void> {
  try {
    await rmdir(await mkdtemp(join(folder, '.expctr-write-')));
  } catch (error) {
    throw asWrongUse(error, folder);
  }
}

async function requireSpace(folder: string, leastFreeBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= leastFreeBytes) return;
  const megabytes = (bytes: number): string => `${Math.floor(bytes / 1e6).toLocaleString('en-US')} MB`;
  throw new FileError('FILE_NO_SPACE', `only ${megabytes(free)} are free`, {
    where: folder,
    expected: `at least ${megabytes(leastFreeBytes)} for the files of a run`,
    remedy: 'free some space, or choose another place (--out, or TMPDIR for temporary files)',
  });
}

function asWrongUse(error: unknown, path: string): unknown {
  const known = fileError(error, path);
  if (!(known instanceof FileError)) return known;
  const remedy = `choose another --out${known.code === 'FILE_NO_PERMISSION' ? ', or correct the permissions of that folder' : ''}`;
  return new FileError(known.code, known.what, { where: path, remedy, cause: error, wrongUse: true });
}

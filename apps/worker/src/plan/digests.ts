import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { withFileErrors } from '@expctr/core';
import { sealOf } from '@expctr/run';
import { WorkerError } from '../errors.js';

/** Files of a prepared dataset that decide what is made of it. */
const DATASET_FILES = ['interactions.arrow', 'items.arrow', 'users.arrow', 'card.json'];

/** SHA-256 of an input: of a file's bytes, or of a dataset folder's files. @param role names it in errors */
export async function inputDigest(path: string, role: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (found === null) throw missing(path, role);
  if (!found.isDirectory()) return fileDigest(path);
  const hash = createHash('sha256');
  for (const name of DATASET_FILES) {
    const file = join(path, name);
    if ((await stat(file).catch(() => null)) === null) throw missing(file, role);
    hash.update(`${name} ${await fileDigest(file)}\n`);
  }
  return hash.digest('hex');
}

async function fileDigest(path: string): Promise<string> {
  return (await withFileErrors(path, () => sealOf(path))).sha256;
}

function missing(path: string, role: string): WorkerError {
  return new WorkerError('WORKER_INPUT', `there is no such file or folder, and the job needs it as ${role}`, {
    where: path,
    remedy: 'correct the path in the job; where it lies on another machine, mount the shared folder here, too',
    wrongUse: true,
  });
}

/** @throws WorkerError `WORKER_INPUT_CHANGED` where an input is no more what the plan was made of */
export async function requireInput(path: string, role: string, planned: string): Promise<void> {
  if ((await inputDigest(path, role)) === planned) return;
  throw new WorkerError('WORKER_INPUT_CHANGED', `${role} is not what the plan was made of`, {
    where: path,
    expected: `SHA-256 ${planned}`,
    remedy: 'put the file back, or plan anew: results of other inputs have other names, and none is mixed up',
  });
}

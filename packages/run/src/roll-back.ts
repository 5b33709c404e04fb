import { existsSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { withFileErrors } from '@expctr/core';
import { RunFolderError } from './errors.js';
import { allSeals, writeManifest, type Manifest } from './manifest.js';
import type { RunFolder } from './run-folder.js';
import { checkSeals, EMPTY_SEAL, sealOf } from './seals.js';

/** The manifest as it was when `count` artifacts were complete. */
export function rolledBack(manifest: Manifest, count: number): Manifest {
  const completed = manifest.completed.slice(0, count);
  return { ...manifest, completed, partial: {}, log: completed.at(-1)?.log ?? EMPTY_SEAL };
}

/** The manifest without what follows the artifact of that name: for a run that is to go another way from there. */
export function rolledBackTo(manifest: Manifest, name: string): Manifest {
  const at = manifest.completed.findIndex((artifact) => artifact.name === name);
  return at < 0 ? manifest : rolledBack(manifest, at + 1);
}

/**
 * The manifest as it was before the first artifact that is damaged; the same object where none is. What follows damage is made anew,
 * too: it may have been made of it.
 */
export async function beforeDamage({ root, log }: Pick<RunFolder, 'root' | 'log'>, manifest: Manifest): Promise<Manifest> {
  for (const [at, { log: logThen, files }] of manifest.completed.entries()) {
    const logSound = logThen.bytes <= sizeOf(log) && (await sealOf(log, logThen.bytes)).sha256 === logThen.sha256;
    if (!logSound || (await isDamaged(root, files))) return rolledBack(manifest, at);
  }
  for (const { after, files } of Object.values(manifest.partial)) {
    if (await isDamaged(root, files)) return rolledBack(manifest, after);
  }
  const whole = manifest.log.bytes <= sizeOf(log) && (await sealOf(log, manifest.log.bytes)).sha256 === manifest.log.sha256;
  return whole
    ? manifest
    : rolledBack(manifest, Math.min(manifest.completed.length, ...Object.values(manifest.partial).map(({ after }) => after)));
}

async function isDamaged(root: string, files: Manifest['completed'][number]['files']): Promise<boolean> {
  try {
    await checkSeals(root, files);
    return false;
  } catch (error) {
    if (error instanceof RunFolderError) return true;
    throw error;
  }
}

/** Puts `next` in the place of `before`, and removes the files that no artifact has any more: the manifest first, so that none of it is missed. */
export async function applyRollBack(folder: Pick<RunFolder, 'root' | 'manifest'>, before: Manifest, next: Manifest): Promise<void> {
  await writeManifest(folder, next);
  const kept = allSeals(next);
  for (const name of Object.keys(allSeals(before))) {
    const path = join(folder.root, name);
    if (!(name in kept)) await withFileErrors(path, () => rm(path, { force: true }));
  }
}

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}

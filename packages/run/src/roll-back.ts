import { existsSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { withFileErrors } from '@expctr/core';
import { RunFolderError } from './errors.js';
import { allSeals, readManifest, writeManifest, type Manifest } from './manifest.js';
import type { RunFolder } from './run-folder.js';
import { checkSeals, EMPTY_SEAL, sealOf, type Seal, type Seals } from './seals.js';

/** Up to where a run is forgotten. */
export interface RollBack {
  /** Forgets every artifact that is damaged, and what was completed after it, which may have been made of it. */
  readonly damage?: boolean;
  /** Forgets what was completed after this artifact: for a run that is to go another way from there. */
  readonly after?: string;
}

/**
 * Takes a run back, and removes the files that it has no more; what is forgotten is made anew when its artifacts are asked for. Only
 * whoever holds the folder's lock may do that.
 * @returns how many artifacts are forgotten @throws RunFolderError `RUN_MANIFEST_DAMAGED`, `RUN_OTHER_FORMAT`
 */
export async function rollBackRun(
  folder: Pick<RunFolder, 'root' | 'manifest' | 'config' | 'log'>,
  { damage = false, after }: RollBack,
): Promise<number> {
  const before = await readManifest(folder);
  if (before === null) return 0;
  const sound = damage ? await beforeDamage(folder, before) : before;
  const at = sound.completed.findIndex(({ name }) => name === after);
  const next = at < 0 || at === sound.completed.length - 1 ? sound : rolledBack(sound, at + 1);
  if (next === before) return 0;
  // the manifest first: what it does not name is missed by nobody
  await writeManifest(folder, next);
  const kept = allSeals(next);
  for (const name of Object.keys(allSeals(before))) {
    const path = join(folder.root, name);
    if (!(name in kept)) await withFileErrors(path, () => rm(path, { force: true }));
  }
  return before.completed.length - next.completed.length;
}

/** The manifest as it was when `count` artifacts were complete. */
function rolledBack(manifest: Manifest, count: number): Manifest {
  const completed = manifest.completed.slice(0, count);
  return { ...manifest, completed, partial: {}, log: completed.at(-1)?.log ?? EMPTY_SEAL };
}

/** The manifest as it was before the first artifact that is damaged; the same object where none is. */
async function beforeDamage({ root, log }: Pick<RunFolder, 'root' | 'log'>, manifest: Manifest): Promise<Manifest> {
  const logIsSound = async (then: Seal): Promise<boolean> => {
    const size = existsSync(log) ? statSync(log).size : 0;
    return then.bytes <= size && (await sealOf(log, then.bytes)).sha256 === then.sha256;
  };
  for (const [at, { log: then, files }] of manifest.completed.entries()) {
    if (!(await logIsSound(then)) || (await isDamaged(root, files))) return rolledBack(manifest, at);
  }
  const underWay = Object.values(manifest.partial);
  const broken = await Promise.all(underWay.map(({ files }) => isDamaged(root, files)));
  if (!broken.includes(true) && (await logIsSound(manifest.log))) return manifest;
  return rolledBack(manifest, Math.min(manifest.completed.length, ...underWay.map(({ after }) => after)));
}

async function isDamaged(root: string, files: Seals): Promise<boolean> {
  try {
    await checkSeals(root, files);
    return false;
  } catch (error) {
    if (error instanceof RunFolderError) return true;
    throw error;
  }
}

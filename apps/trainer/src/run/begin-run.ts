import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { withFileErrors, writeFileAtomic } from '@expctr/core';
import { packageVersion } from '@expctr/core/node';
import {
  alignmentName,
  openArtifacts,
  readManifest,
  rollBackRun,
  RunFolderError,
  verifyArtifact,
  type Artifacts,
  type Manifest,
  type RunFolder,
  type RunIdentity,
  type RunLock,
} from '@expctr/run';
import type { Config } from '../config/schema.js';
import { requireSameRun } from './changes.js';

/** Version of the code that runs; all packages have the same. */
export const codeVersion = packageVersion(import.meta.url) ?? 'unknown';

/** A run that was begun before. */
export type BegunRun = Manifest & { readonly identity: RunIdentity };

/**
 * The run that was begun in a folder, null where none was.
 * @throws RunFolderError `RUN_OLD_FOLDER` for one without a manifest, `RUN_OTHER_VERSION` for one of another version of the code
 */
export async function begunRun(folder: RunFolder): Promise<BegunRun | null> {
  const manifest = await readManifest(folder);
  if (manifest?.identity == null) {
    if (manifest === null && !existsSync(folder.config)) return null;
    throw new RunFolderError('RUN_OLD_FOLDER', 'the folder does not say what its run was begun with', {
      where: folder.root,
      expected: `a ${folder.manifest}, which runs of earlier versions do not have`,
      remedy: `finish the run with the version that began it, or begin anew: expctr-train --config ${folder.config} --out ${folder.root}-again`,
      wrongUse: true,
    });
  }
  const { version } = manifest.identity;
  if (version !== codeVersion) {
    throw new RunFolderError('RUN_OTHER_VERSION', `the run was begun with version ${version}, and this is ${codeVersion}`, {
      where: folder.root,
      expected: 'one version from beginning to end: another may count and round otherwise',
      remedy: `go on with npx @expctr/trainer@${version} --resume ${folder.root}, or start a new run`,
      wrongUse: true,
    });
  }
  return { ...manifest, identity: manifest.identity };
}

/**
 * Readies a folder whose lock this process holds: checks that it holds no other run, forgets what is damaged where `repair` says so, and
 * what followed the last repetition where there are to be more of them.
 * @returns the run as far as it is done, null where it is to be begun @throws RunFolderError as {@link begunRun}, `RUN_CONFIG_CHANGED`
 */
export async function readyRun(folder: RunFolder, config: Config, repair: boolean, say: (text: string) => void): Promise<BegunRun | null> {
  const found = await begunRun(folder);
  if (found === null) return null;
  const before = found.identity.config as Config;
  requireSameRun(before, config);
  if (repair) {
    const forgotten = await rollBackRun(folder, { damage: true });
    say(
      forgotten === 0
        ? 'repair: every file is as it was written'
        : `repair: ${forgotten} parts of the run are damaged or were made after these, and are made anew`,
    );
  }
  if (config.iterations > before.iterations) {
    const after = before.iterations === 0 ? alignmentName('stage1', 0) : alignmentName('stage3', before.iterations);
    const forgotten = await rollBackRun(folder, { after });
    if (forgotten > 0) say(`the run goes on from the end of ${after}: what followed is made anew`);
    for (const path of [folder.metrics, folder.report]) await withFileErrors(path, () => rm(path, { force: true }));
  }
  const ready = (await begunRun(folder))!;
  await verifyArtifact(folder, ready, 'data');
  return ready;
}

/** Writes down what the run is of, and opens its artifacts. @param begun as {@link readyRun} gave it */
export async function openRun(folder: RunFolder, lock: RunLock, begun: BegunRun | null, identity: RunIdentity): Promise<Artifacts> {
  const text = `${JSON.stringify(identity.config, null, 2)}\n`;
  const writeConfig = (): Promise<void> => writeFileAtomic(folder.config, text);
  // A folder with a configuration and no manifest is one of an earlier version; and a change that the manifest knows must stand in
  // config.json too, or it would look like one back.
  if (begun !== null) await writeConfig();
  const artifacts = await openArtifacts(folder, { identity, lock });
  if (begun === null) await writeConfig();
  return artifacts;
}

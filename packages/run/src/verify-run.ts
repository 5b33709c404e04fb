import { changesBetween } from './changes.js';
import { RunFolderError } from './errors.js';
import { parseObject, readText } from './json-lines.js';
import { allSeals, readManifest, type Manifest } from './manifest.js';
import type { RunFolder } from './run-folder.js';
import { checkSeals, damaged, nameIn, sealOf } from './seals.js';

/**
 * Checks a run that is read and not gone on with: its configuration, its log, and the files that are or lie in `paths`.
 * @returns the manifest; null where there is none, in folders of versions that wrote none: then nothing can be checked
 * @throws RunFolderError `RUN_MANIFEST_DAMAGED`, `RUN_FILE_MISSING`, `RUN_FILE_DAMAGED`, `RUN_CONFIG_CHANGED`, `RUN_UNFINISHED` where the
 *   log goes on behind what is complete
 */
export async function verifyRun(folder: RunFolder, paths: readonly string[]): Promise<Manifest | null> {
  const manifest = await readManifest(folder);
  if (manifest === null) return null;
  await checkConfig(folder, manifest);
  const names = paths.map((path) => nameIn(folder.root, path));
  const wanted = Object.entries(allSeals(manifest)).filter(([name]) => names.some((path) => name === path || name.startsWith(`${path}/`)));
  await checkSeals(folder.root, Object.fromEntries(wanted));
  await checkLog(folder, manifest);
  return manifest;
}

async function checkConfig({ root, config: path }: RunFolder, { identity }: Manifest): Promise<void> {
  const text = await readText(path);
  if (identity === null || text === null) return;
  const [change] = changesBetween(identity.config, parseObject(text, path));
  if (change === undefined) return;
  const { before, now } = change;
  throw new RunFolderError('RUN_CONFIG_CHANGED', `the run had ${JSON.stringify(before)}, and this says ${JSON.stringify(now)}`, {
    where: `${path}, ${change.path}`,
    remedy: `delete it, and expctr-train --resume ${root} writes it again`,
  });
}

async function checkLog({ root, log: path }: RunFolder, { log }: Manifest): Promise<void> {
  const text = await readText(path);
  const bytes = text === null ? 0 : Buffer.byteLength(text);
  if (bytes < log.bytes) throw damaged(root, path, `the log is cut: it has ${bytes} bytes, and the run wrote ${log.bytes}`);
  if (log.bytes > 0 && (await sealOf(path, log.bytes)).sha256 !== log.sha256) {
    throw damaged(root, path, 'the log was changed after the run wrote it');
  }
  if (bytes === log.bytes) return;
  throw new RunFolderError('RUN_UNFINISHED', 'the log goes on behind the last part of the run that is complete', {
    where: path,
    remedy: `let the run come to its end, or go on with it: expctr-train --resume ${root}`,
  });
}

/** Checks the files of one artifact before the artifacts are open; passes where it is not complete. @throws RunFolderError */
export async function verifyArtifact({ root }: Pick<RunFolder, 'root'>, { completed }: Manifest, artifact: string): Promise<void> {
  await checkSeals(root, completed.find(({ name }) => name === artifact)?.files ?? {});
}

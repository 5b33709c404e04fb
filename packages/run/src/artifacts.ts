import type { Codec } from './codecs.js';
import { openEventLog, type EventLog } from './event-log.js';
import { newManifest, readManifest, writeManifest, type Manifest, type RunIdentity } from './manifest.js';
import type { RunFolder } from './run-folder.js';
import type { RunLock } from './lock.js';
import { checkSeals, sealPaths } from './seals.js';

/** A run's memory: what was made once is found again, in this process or after a kill at any moment. */
export interface Artifacts {
  /** Lines that were written since the last artifact or checkpoint are lost in a kill, with the work that they tell of. */
  readonly log: EventLog;
  /**
   * The artifact of that name: read where an earlier attempt of this run has finished it, else made, written, and only then
   * remembered as done, with the checksums of its files. @throws RunFolderError as {@link Artifacts.verify}
   */
  artifact<T>(name: string, make: () => Promise<T>, codec: Codec<T>): Promise<T>;
  /** Work that leaves nothing but its lines in the log, and files that are read elsewhere. */
  once(name: string, work: () => Promise<void>, files?: readonly string[]): Promise<void>;
  /** Whether the artifact of that name is complete. */
  has(name: string): boolean;
  /** How far the making of an unfinished artifact had come when it last called `reach`; 0 where it did not. */
  reached(name: string): number;
  /** Remembers that `name` has come to `at`, and that the state that goes with it is on the disk, in `files`, each written once. */
  reach(name: string, at: number, files?: readonly string[]): Promise<void>;
  /** Checks the files of an artifact, complete or under way. @throws RunFolderError `RUN_FILE_MISSING`, `RUN_FILE_DAMAGED` */
  verify(name: string): Promise<void>;
}

/** Options of {@link openArtifacts}. */
export interface ArtifactsOptions {
  /** What the run is of; stands in the manifest. Default: what stands there. */
  readonly identity?: RunIdentity;
  /** Held by this process: nothing is noted as done after it was lost. */
  readonly lock?: Pick<RunLock, 'check'>;
}

/**
 * Opens the artifacts of a run, new or resumed; the log is cut back to the last of them.
 * @throws RunFolderError `RUN_MANIFEST_DAMAGED`, `RUN_OTHER_FORMAT`, `RUN_FILE_DAMAGED` for a log that is not what was written
 */
export async function openArtifacts(
  folder: Pick<RunFolder, 'root' | 'manifest' | 'config' | 'log'>,
  { identity, lock }: ArtifactsOptions = {},
): Promise<Artifacts> {
  const found = await readManifest(folder);
  const before = found ?? newManifest(null);
  let manifest: Manifest = { ...before, identity: identity ?? before.identity };
  if (found === null || JSON.stringify(manifest) !== JSON.stringify(before)) await writeManifest(folder, manifest);

  const log = openEventLog(folder.log, manifest.log);
  const save = async (change: Partial<Manifest>): Promise<void> => {
    await lock?.check();
    manifest = { ...manifest, ...change, log: log.flush() };
    await writeManifest(folder, manifest);
  };
  const finish = async (name: string, files: readonly string[]): Promise<void> => {
    const { [name]: _, ...partial } = manifest.partial;
    const done = { name, log: log.flush(), files: await sealPaths(folder.root, files) };
    await save({ completed: [...manifest.completed, done], partial });
  };
  const doneUnder = (name: string) => manifest.completed.find((artifact) => artifact.name === name);
  const verify = async (name: string): Promise<void> => {
    await checkSeals(folder.root, (doneUnder(name) ?? manifest.partial[name])?.files ?? {});
  };
  return {
    log,
    verify,
    has: (name) => doneUnder(name) !== undefined,
    async artifact(name, make, codec) {
      if (doneUnder(name) !== undefined) {
        await verify(name);
        return codec.read();
      }
      const value = await make();
      await codec.write(value);
      await finish(name, codec.files);
      return value;
    },
    async once(name, work, files = []) {
      if (doneUnder(name) !== undefined) return verify(name);
      await work();
      await finish(name, files);
    },
    reached: (name) => manifest.partial[name]?.at ?? 0,
    async reach(name, at, files = []) {
      const known = manifest.partial[name];
      const seals = await sealPaths(folder.root, files, known?.files);
      await save({ partial: { ...manifest.partial, [name]: { at, after: known?.after ?? manifest.completed.length, files: seals } } });
    },
  };
}

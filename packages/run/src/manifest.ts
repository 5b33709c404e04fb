import { sha256, writeFileAtomic } from '@expctr/core';
import { RunFolderError } from './errors.js';
import { readText, writtenObject } from './json-lines.js';
import type { RunFolder } from './run-folder.js';
import { EMPTY_SEAL, type Seal, type Seals } from './seals.js';

/** What a run is of: with another of these it would be another run. */
export interface RunIdentity {
  /** Version of the code. */
  readonly version: string;
  /** The complete configuration. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Checksums of what the run reads from elsewhere, by name: data, language model, templates. */
  readonly inputs: Readonly<Record<string, string>>;
}

/** An artifact that is complete. */
export interface CompletedArtifact {
  /** Its name in this run. */
  readonly name: string;
  /** log.jsonl as it was then. */
  readonly log: Seal;
  /** The files that it left. */
  readonly files: Seals;
}

/** An artifact that stopped on the way. */
export interface PartialArtifact {
  /** How far it had come. */
  readonly at: number;
  /** How many artifacts were complete when it first said so. */
  readonly after: number;
  /** The files that its state is kept in. */
  readonly files: Seals;
}

/** `manifest.json`: the one file that says what a run is of, what of it is done, and what its files must be. It holds no time. */
export interface Manifest {
  /** Version of this form. */
  readonly format: 'expctr-run/1';
  /** Null for artifacts outside a run of expctr-train. */
  readonly identity: RunIdentity | null;
  /** In the order in which they were completed. */
  readonly completed: readonly CompletedArtifact[];
  /** By name. */
  readonly partial: Readonly<Record<string, PartialArtifact>>;
  /** log.jsonl as it must be; what stands behind that belongs to work that is done again. */
  readonly log: Seal;
}

const FORMAT = 'expctr-run/1';

/** The manifest of a run in which nothing is done. */
export function newManifest(identity: RunIdentity | null): Manifest {
  return { format: FORMAT, identity, completed: [], partial: {}, log: EMPTY_SEAL };
}

/** Writes the manifest, with a checksum of its own. */
export async function writeManifest({ manifest: path }: Pick<RunFolder, 'manifest'>, manifest: Manifest): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify({ ...manifest, sha256: sha256(JSON.stringify(manifest)) }, null, 1)}\n`);
}

/** Reads a manifest; null where there is none. @throws RunFolderError `RUN_MANIFEST_DAMAGED`, `RUN_OTHER_FORMAT` */
export async function readManifest({
  root,
  manifest: path,
  config,
}: Pick<RunFolder, 'root' | 'manifest' | 'config'>): Promise<Manifest | null> {
  const text = await readText(path);
  if (text === null) return null;
  const damaged = (what: string, cause?: unknown): RunFolderError =>
    new RunFolderError('RUN_MANIFEST_DAMAGED', what, {
      where: path,
      expected: 'the file as the run wrote it: without it nothing tells which files of the run are complete',
      remedy: `put it back from a copy, or begin anew with the same configuration: expctr-train --config ${config} --out ${root}-again`,
      cause,
    });
  const { sha256: stated, ...manifest } = writtenObject(text, damaged);
  if (stated !== sha256(JSON.stringify(manifest))) throw damaged('it was changed after the run wrote it: its checksum differs');
  if (manifest['format'] === FORMAT) return manifest as unknown as Manifest;
  throw new RunFolderError('RUN_OTHER_FORMAT', `the run folder has the form ${JSON.stringify(manifest['format'])}`, {
    where: path,
    expected: FORMAT,
    remedy: 'use the version that wrote it, or start a new run',
  });
}

/** Every seal of a manifest, of artifacts complete and under way. */
export function allSeals({ completed, partial }: Manifest): Seals {
  return Object.assign({}, ...completed.map(({ files }) => files), ...Object.values(partial).map(({ files }) => files)) as Seals;
}

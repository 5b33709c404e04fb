import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { nameAdvice, withFileErrors } from '@expctr/core';
import { readText, runFolder, RunFolderError, writtenObject, type RunFolder } from '@expctr/run';
import { ConfigError } from '../config/errors.js';
import { parseAssignment, setPath, type Json } from '../config/json-tree.js';
import { listOptions } from '../config/options.js';
import { loadRegistry, parseConfig, type Settings } from '../config/resolve.js';
import type { PluginSource } from '../plugins/load-plugins.js';
import { begunRun } from './begin-run.js';
import { changeableOptions, requireSameRun } from './changes.js';

/**
 * Where a new run goes: the explicit folder, which must be absent or hold nothing of a run, else `runs/<name>-<seed>`, `-2`, `-3`, …,
 * which is made at once, so that of two processes that are started together each has its own. A run that fails before its first
 * result removes it.
 */
export async function chooseRunFolder(explicit: string | undefined, name: string, seed: number): Promise<RunFolder> {
  if (explicit !== undefined) {
    const root = resolve(explicit);
    if (await isFree(root)) return runFolder(root);
    throw new RunFolderError('RUN_FOLDER_NOT_EMPTY', 'the output folder is not empty', {
      where: explicit,
      expected: 'a new or empty folder',
      remedy: `choose another --out, or go on with that run by --resume ${explicit}`,
      wrongUse: true,
    });
  }
  const base = resolve('runs', `${name}-${seed}`);
  for (let n = 1; ; n += 1) {
    const root = n === 1 ? base : `${base}-${n}`;
    if (await makeFolder(root)) return runFolder(root);
  }
}

/** How a run goes on. */
export interface ResumeOptions {
  /** Values of dedicated flags by option path; undefined ones are ignored. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** `path=value` of options that may change. */
  readonly sets?: readonly string[];
  /** Overlooks what stands in `config.json`: it is written again from the manifest. */
  readonly repair?: boolean | undefined;
}

/**
 * The settings that the run at `root` was started with, its plug-ins loaded anew, with what may change changed.
 * @throws RunFolderError where there is no run (`RUN_FOLDER_MISSING`), one without a manifest (`RUN_OLD_FOLDER`) or of another version of
 *   the code (`RUN_OTHER_VERSION`), `RUN_CONFIG_DAMAGED`, `RUN_CONFIG_CHANGED`; PluginError for a plug-in that is missing or has another version
 */
export async function openRunFolder(
  root: string,
  { flags = {}, sets = [], repair = false }: ResumeOptions = {},
): Promise<Settings & { readonly folder: RunFolder }> {
  const folder = runFolder(resolve(root));
  const begun = await begunRun(folder);
  if (begun === null) {
    throw new RunFolderError('RUN_FOLDER_MISSING', 'there is no run to resume', {
      where: root,
      expected: 'the folder of a run that has begun, with a manifest.json',
      remedy: 'give the folder that the first run printed, or start anew without --resume',
      wrongUse: true,
    });
  }
  const before = begun.identity.config;
  const registry = await loadRegistry((before['plugins'] ?? []) as PluginSource[]);
  const edited = repair ? null : await storedConfig(folder);
  if (edited !== null) requireSameRun(before, edited, folder.config);
  const config = structuredClone(edited ?? before) as Json;
  for (const [path, value] of Object.entries(flags)) if (value !== undefined) setPath(config, path, value);
  for (const { path, value } of sets.map(parseAssignment)) {
    const paths = listOptions(registry).map((option) => option.path);
    if (!paths.includes(path)) throw unknownOption(path, paths);
    setPath(config, path, value);
  }
  requireSameRun(before, config, '--resume');
  return { ...parseConfig(config, registry), folder };
}

/** What stands in `config.json`; null where it is not there. @throws RunFolderError `RUN_CONFIG_DAMAGED` */
async function storedConfig({ root, config: path }: RunFolder): Promise<Json | null> {
  const text = await readText(path);
  if (text === null) return null;
  const damaged = (what: string, cause?: unknown): RunFolderError =>
    new RunFolderError('RUN_CONFIG_DAMAGED', what, {
      where: path,
      expected: 'the configuration as the run wrote it',
      remedy: `delete the file, and the run writes it again: expctr-train --resume ${root}`,
      cause,
    });
  return writtenObject(text, damaged);
}

function unknownOption(path: string, paths: readonly string[]): ConfigError {
  return new ConfigError('CONFIG_UNKNOWN_OPTION', 'there is no such option', {
    where: path,
    expected: `one of ${changeableOptions.join(', ')}`,
    remedy: nameAdvice(path, paths),
  });
}

/** Whether a run may begin there: what a process left that was killed before its run began does not count. */
async function isFree(root: string): Promise<boolean> {
  if (!existsSync(root)) return true;
  const names = await withFileErrors(root, () => readdir(root));
  return names.every((name) => name === 'lock.json' || name.endsWith('.tmp'));
}

/** Makes a folder. @returns whether it was not there before */
async function makeFolder(root: string): Promise<boolean> {
  return withFileErrors(root, async () => {
    await mkdir(dirname(root), { recursive: true });
    try {
      await mkdir(root);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  });
}

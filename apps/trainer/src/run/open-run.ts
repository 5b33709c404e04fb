import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { writeFileAtomic } from '@expctr/core';
import { parseObject, readText, runFolder, RunFolderError, type RunFolder } from '@expctr/run';
import { loadRegistry, parseConfig, type Settings } from '../config/resolve.js';
import type { Config } from '../config/schema.js';
import type { PluginSource } from '../plugins/load-plugins.js';

/**
 * Where a new run goes: the explicit folder, which must be absent or empty, else `runs/<name>-<seed>`, `-2`, `-3`, … .
 * Nothing is created yet: a run that fails before its first result leaves no folder.
 */
export async function chooseRunFolder(explicit: string | undefined, name: string, seed: number): Promise<RunFolder> {
  if (explicit !== undefined) {
    const root = resolve(explicit);
    if (existsSync(root) && (await readdir(root)).length > 0) {
      throw new RunFolderError('RUN_FOLDER_NOT_EMPTY', 'the output folder is not empty', {
        where: explicit,
        expected: 'a new or empty folder',
        remedy: `choose another --out, or go on with that run by --resume ${explicit}`,
      });
    }
    return runFolder(root);
  }
  const base = resolve('runs', `${name}-${seed}`);
  for (let n = 1; ; n += 1) {
    const root = n === 1 ? base : `${base}-${n}`;
    if (!existsSync(root)) return runFolder(root);
  }
}

/** Makes the folder and writes the complete configuration into it. */
export async function createRunFolder(folder: RunFolder, config: Config): Promise<void> {
  await mkdir(folder.root, { recursive: true });
  await writeFileAtomic(folder.config, `${JSON.stringify(config, null, 2)}\n`);
}

/**
 * The settings that the run at `root` was started with, its plug-ins loaded anew.
 * @throws RunFolderError where there is no run, PluginError for a plug-in that is missing or has another version
 */
export async function openRunFolder(root: string): Promise<Settings & { readonly folder: RunFolder }> {
  const folder = runFolder(resolve(root));
  const text = await readText(folder.config);
  if (text === null) {
    throw new RunFolderError('RUN_FOLDER_MISSING', 'there is no run to resume', {
      where: root,
      expected: 'a run folder with a config.json',
      remedy: 'give the folder that the first run printed, or start anew without --resume',
    });
  }
  const config = parseObject(text, folder.config);
  const registry = await loadRegistry((config['plugins'] ?? []) as PluginSource[]);
  return { ...parseConfig(config, registry), folder };
}

import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ExpctrError, writeFileAtomic } from '@expctr/core';
import { parseConfig } from '../config/resolve.js';
import type { Config } from '../config/schema.js';

/** A run folder that is not what the command line says it is. */
export class RunFolderError extends ExpctrError {}

/** Paths inside a run folder (design: "A run"). */
export interface RunFolder {
  readonly root: string;
  readonly config: string;
  readonly log: string;
  readonly timing: string;
  readonly progress: string;
  /** Folder of `interactions.arrow`, `items.arrow`, `users.arrow` and `card.json`. */
  readonly data: string;
  readonly predictions: string;
  readonly ctr: string;
  explanations(name: string): string;
  /** Adapter folder in PEFT's format. */
  adapter(name: string): string;
  checkpoint(...path: readonly string[]): string;
}

/** Names the files of the run folder at `root`; touches nothing. */
export function runFolder(root: string): RunFolder {
  const at = (...path: readonly string[]): string => join(root, ...path);
  return {
    root,
    config: at('config.json'),
    log: at('log.jsonl'),
    timing: at('timing.jsonl'),
    progress: at('checkpoints', 'progress.json'),
    data: at('data'),
    predictions: at('predictions', 'test.arrow'),
    ctr: at('ctr'),
    explanations: (name) => at('explanations', `${name}.arrow`),
    adapter: (name) => at('adapters', name),
    checkpoint: (...path) => at('checkpoints', ...path),
  };
}

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

/** The configuration that the run at `root` was started with. @throws RunFolderError where there is no run. */
export async function openRunFolder(root: string): Promise<{ folder: RunFolder; config: Config }> {
  const folder = runFolder(resolve(root));
  let text: string;
  try {
    text = await readFile(folder.config, 'utf8');
  } catch (cause) {
    throw new RunFolderError('RUN_FOLDER_MISSING', 'there is no run to resume', {
      where: root,
      expected: 'a run folder with a config.json',
      remedy: 'give the folder that the first run printed, or start anew without --resume',
      cause,
    });
  }
  return { folder, config: parseConfig(JSON.parse(text)) };
}

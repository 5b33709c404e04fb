// Runs of the trainer that differ in their seed, each in a folder of its own: made where it is missing, gone on with where it was stopped.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runFolder, type RunFolder } from '@expctr/run';
import { build } from '../build.js';

/** What {@link runSeeds} makes. */
export interface SeedRuns {
  /** Folders are OUT/NAME-SEED. */
  readonly out: string;
  readonly name: string;
  readonly seeds: readonly number[];
  /** Arguments of `expctr-train`, but for --seed, --out and --resume. */
  readonly args: readonly string[];
}

/** Finished runs, in the order of the seeds. */
export function runSeeds({ out, name, seeds, args }: SeedRuns): RunFolder[] {
  const folders = seeds.map((seed) => runFolder(join(out, `${name}-${seed}`)));
  if (folders.some(({ metrics }) => !existsSync(metrics))) build('@expctr/trainer');
  for (const [at, folder] of folders.entries()) {
    if (existsSync(folder.metrics)) continue;
    process.stderr.write(`${name}, seed ${seeds[at]}\n`);
    finishRun(folder, [...args, '--seed', String(seeds[at])]);
  }
  return folders;
}

/**
 * Makes one run with the trainer as it is built, or goes on with it; nothing where it is finished. Where it fails or is interrupted the
 * trainer has said why, and the process ends with its status.
 * @param args as of {@link SeedRuns}, with its seed
 */
export function finishRun({ root, metrics, manifest }: RunFolder, args: readonly string[]): void {
  if (existsSync(metrics)) return;
  const given = existsSync(manifest) ? ['--resume', root] : [...args, '--out', root];
  const { status } = spawnSync(process.execPath, ['apps/trainer/bin/expctr-train.js', ...given], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1);
}

/** `--set` before each of them. */
export const setting = (sets: readonly string[]): string[] => sets.flatMap((one) => ['--set', one]);

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { sha256, writeFileAtomic } from '@expctr/core';
import { inRunFolder, openArtifacts, rollBackRun, runFolder, timed, jsonCodec, type Artifacts, type RunFolder } from '../src/index.js';

/** A folder that no run has used. */
export async function freshFolder(): Promise<RunFolder> {
  return runFolder(join(await mkdtemp(join(tmpdir(), 'expctr-mini-')), 'run'));
}

const warning = (code: string) => ({ event: 'warning', code, message: '' }) as const;

const identity = { version: '1', config: { seed: 1 }, inputs: {} };

/**
 * A run without models: files of an artifact, a stage with checkpoints that has an artifact within, and a result; each says in the log
 * that it was made.
 */
export function miniRun(
  folder: RunFolder,
  { repair = false, after }: { readonly repair?: boolean; readonly after?: string } = {},
): Promise<number> {
  return inRunFolder(
    folder,
    async (lock) => {
      await rollBackRun(folder, { damage: repair, ...(after === undefined ? {} : { after }) });
      const artifacts = await openArtifacts(folder, { identity, lock });
      try {
        return await work(folder, artifacts);
      } finally {
        artifacts.log.close();
      }
    },
    { repair },
  );
}

async function work(folder: RunFolder, artifacts: Artifacts): Promise<number> {
  const data = async (): Promise<void> => {
    artifacts.log.write(warning('DATA'));
    for (const name of ['a', 'b']) await writeFileAtomic(join(folder.data, name), name.repeat(100));
  };
  await artifacts.once('data', data, [folder.data]);
  const number = (name: string, path: string, make: () => Promise<number>): Promise<number> =>
    artifacts.artifact(name, make, jsonCodec<number>(path));
  const base = await number('base', folder.checkpoint('base.json'), () => timed(folder, 'base', () => Promise.resolve(40)));
  const sum = await number('stage', folder.checkpoint('stage.json'), () => stage(folder, artifacts, base));
  await rm(folder.checkpoint('stage'), { recursive: true, force: true });
  return number('result', folder.predictions, () => (artifacts.log.write(warning('RESULT')), Promise.resolve(sum)));
}

/** Adds 1 to `base` in each of three steps; a checkpoint is a folder of its own, the one before goes afterwards. */
async function stage(folder: RunFolder, artifacts: Artifacts, base: number): Promise<number> {
  const inner = jsonCodec<number>(folder.checkpoint('inner.json'));
  await artifacts.artifact('inner', () => (artifacts.log.write(warning('INNER')), Promise.resolve(1)), inner);
  const first = artifacts.reached('stage');
  let sum = base;
  if (first > 0) {
    await artifacts.verify('stage');
    sum = JSON.parse(await readFile(folder.checkpoint('stage', String(first), 'sum.json'), 'utf8')) as number;
  }
  for (let step = first; step < 3; step += 1) {
    sum += 1;
    artifacts.log.write(warning(`STEP_${step}`));
    const at = folder.checkpoint('stage', String(step + 1));
    await writeFileAtomic(join(at, 'sum.json'), String(sum));
    await writeFileAtomic(join(at, 'more.bin'), new Uint8Array(50).fill(step));
    await artifacts.reach('stage', step + 1, [at]);
    if (step > 0) await rm(folder.checkpoint('stage', String(step)), { recursive: true, force: true });
  }
  return sum;
}

/** SHA-256 of every file of a run by its path, that of times aside. */
export async function contentOf({ root }: RunFolder): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && entry.name !== 'timing.jsonl') found[relative(root, path)] = sha256(await readFile(path));
  }
  return found;
}

/** Changes one bit of a file. */
export async function flipBit(path: string): Promise<void> {
  const bytes = await readFile(path);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = bytes[middle]! ^ 1;
  await writeFile(path, bytes);
}

// The run that is killed: every stage, with a checkpoint after each update, on so little that it takes seconds.
import { readdir, readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { sha256 } from '@expctr/core';
import type { RunFolder } from '@expctr/run';
import { openRunFolder, resolveConfig, train } from '@expctr/trainer';

/** Begins the run in a folder, or goes on with it where one was begun there, as a user does after a kill. */
export async function beginOrResume(folder: RunFolder): Promise<void> {
  const settings = existsSync(folder.manifest)
    ? await openRunFolder(folder.root)
    : await resolveConfig({
        preset: 'demo',
        sets: [
          'threads=1',
          'data.maxInteractions=60',
          'data.history.length=3',
          'llm.maxNewTokens=3',
          'llm.maxPromptTokens=160',
          'llm.batchSize=8',
          'reader.form=continuation',
          'encoder.model=hashed:16',
          'ctr.epochs=1',
          'ctr.embeddingDimension=4',
          'ctr.history=["logistic-regression"]',
          'ctr.historyL2=[1]',
          'ctr.learningCurve=[]',
          'ppo.stage1Updates=2',
          'ppo.stage3Updates=2',
          'ppo.promptsPerUpdate=2',
          'ppo.checkpointEvery=1',
        ],
      });
  await train(settings, { folder });
}

/** Files that are not compared, and why. */
const NOT_COMPARED: readonly { readonly file: RegExp; readonly because: string }[] = [
  { file: /^timing\.jsonl$/u, because: 'it holds times' },
  { file: /^report\.html$/u, because: 'it shows the times' },
  { file: /^checkpoints[\\/]vectors[\\/]/u, because: 'a cache: its parts depend on when which texts came' },
];

/** SHA-256 of every file of the run by its path, those of {@link NOT_COMPARED} aside. */
export async function contentOf({ root }: RunFolder): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = relative(root, join(entry.parentPath, entry.name));
    if (entry.isFile() && !NOT_COMPARED.some(({ file }) => file.test(path))) found.set(path, sha256(await readFile(join(root, path))));
  }
  return found;
}

/** Paths in which two runs differ. */
export function differences(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): string[] {
  return [...new Set([...one.keys(), ...other.keys()])].filter((path) => one.get(path) !== other.get(path));
}

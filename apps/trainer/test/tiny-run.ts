import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveConfig } from '../src/config/resolve.js';
import type { Config } from '../src/config/schema.js';
import { runFolder, type RunFolder } from '../src/run/run-folder.js';

/** A configuration that goes through every stage in a few seconds. */
export function tinyConfig(...sets: string[]): Promise<Config> {
  return resolveConfig({
    preset: 'demo',
    sets: [
      'data.maxInteractions=120',
      'data.history.length=3',
      'llm.maxNewTokens=6',
      'llm.maxPromptTokens=160',
      'reader.form=continuation',
      'encoder.model=hashed:16',
      'ctr.epochs=2',
      'ctr.embeddingDimension=4',
      'ppo.stage1Updates=2',
      'ppo.stage3Updates=2',
      'ppo.promptsPerUpdate=2',
      ...sets,
    ],
  });
}

/** A folder that no run has used. */
export async function freshFolder(): Promise<RunFolder> {
  return runFolder(join(await mkdtemp(join(tmpdir(), 'expctr-run-')), 'run'));
}

import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runFolder, type RunFolder } from '@expctr/run';
import { resolveConfig, type Settings } from '../src/config/resolve.js';
import type { Plugin } from '../src/plugins/plugin.js';

/** Settings that go through every stage in a few seconds. */
export function tinySettings(...sets: string[]): Promise<Settings> {
  return tinySettingsWith([], ...sets);
}

/** The same with plug-ins. */
export function tinySettingsWith(plugins: readonly (string | Plugin)[], ...sets: string[]): Promise<Settings> {
  return resolveConfig({
    preset: 'demo',
    plugins,
    sets: [
      'threads=1', // more are slower on so little, and far slower beside other tests
      'data.maxInteractions=120',
      'data.history.length=3',
      'llm.maxNewTokens=6',
      'llm.maxPromptTokens=160',
      'llm.batchSize=8',
      'reader.form=continuation',
      'encoder.model=hashed:16',
      'ctr.epochs=2',
      'ctr.embeddingDimension=4',
      'ctr.history=["logistic-regression"]',
      'ctr.historyL2=[1]',
      'ctr.learningCurve=[]',
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

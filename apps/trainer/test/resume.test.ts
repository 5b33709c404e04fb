import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { sha256 } from '@expctr/core';
import { describe, expect, test } from 'vitest';
import { Interrupted } from '../src/pipeline/interrupt.js';
import { silentProgress, type Progress } from '@expctr/app-kit';
import type { RunFolder } from '@expctr/run';
import { openRunFolder } from '../src/run/open-run.js';
import { train } from '../src/train.js';
import { freshFolder, tinySettings } from './tiny-run.js';

/** What a resumed run must repeat to the last byte. */
const COMPARED = ['data', 'explanations', 'predictions', 'adapters', 'ctr', 'metrics.json', 'log.jsonl'];

async function fingerprints({ root }: RunFolder): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = relative(root, join(entry.parentPath, entry.name));
    if (entry.isFile() && COMPARED.some((name) => path === name || path.startsWith(`${name}/`)))
      found[path] = sha256(await readFile(join(root, path)));
  }
  return found;
}

/** Calls `then` when work named `name` has been done `count` times. */
function watching(name: RegExp, count: number, then: () => void): Progress {
  return {
    ...silentProgress,
    begin: (task) => ({
      update(completed) {
        if (name.test(task) && completed >= count) then();
      },
      done: () => undefined,
    }),
  };
}

describe('a run that was interrupted and resumed ends with the same bytes', () => {
  const config = tinySettings('ppo.checkpointEvery=1', 'ctr.learningCurve=[20,30]');
  const whole = config.then(async (settings) => {
    const folder = await freshFolder();
    await train(settings, { folder });
    return fingerprints(folder);
  });

  test.each([
    ['in stage 1', /stage1 updates/, 1],
    ['in stage 2', /stage2 explanations/, 1],
    ['in stage 3', /stage3-1 updates/, 1],
    ['while explaining', /final explanations/, 32],
    ['between two predictors', /predictors/, 5],
    ['within the learning curve', /learning curve/, 3],
  ])(
    '%s',
    async (_, name, count) => {
      const folder = await freshFolder();
      const controller = new AbortController();
      const progress = watching(name, count, () => controller.abort());
      await expect(train(await config, { folder, progress, signal: controller.signal })).rejects.toThrow(Interrupted);
      const resumed = await openRunFolder(folder.root);
      const begun: string[] = [];
      const listening: Progress = {
        ...silentProgress,
        begin(task, ...rest) {
          begun.push(task);
          return silentProgress.begin(task, ...rest);
        },
      };
      await train(resumed, { folder: resumed.folder, progress: listening });
      expect(begun).not.toContain('history backbones'); // what was chosen stays chosen
      expect(await fingerprints(folder)).toEqual(await whole);
    },
    120_000,
  );

  test('by a crash in the middle of an update: the log loses what was not checkpointed', async () => {
    const folder = await freshFolder();
    const crash = watching(/stage1 updates/, 2, () => {
      throw new Error('power cut');
    });
    await expect(train(await config, { folder, progress: crash })).rejects.toThrow('power cut');
    await train(await openRunFolder(folder.root), { folder });
    expect(await fingerprints(folder)).toEqual(await whole);
  }, 120_000);
});

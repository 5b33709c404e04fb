import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createReader, modelAnswers, type Reader, type Reward } from '@expctr/rewards';
import type { RunFolder } from '@expctr/run';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { aligned } from '../src/pipeline/align.js';
import { POLICY, type Pipeline } from '../src/pipeline/pipeline.js';
import { stage1 } from '../src/pipeline/stages.js';
import { silentProgress, type Progress } from '@expctr/app-kit';
import { withPipeline } from '../src/train.js';
import { freshFolder, tinySettingsWith } from './tiny-run.js';

/** What the reader was asked for, by update. */
let asked: string[][] = [];
/** What the reward does at an update instead of what it should. */
let failure: { readonly update: number; readonly how: () => Promise<number[]> } | null = null;

/** Reads every text again, as `lc` does, and may fail. */
const moody: Reward = {
  name: 'moody',
  description: 'works, or does not',
  options: z.object({}),
  create: (context) => async (rows) => {
    if (failure !== null && asked.length - 1 === failure.update) return failure.how();
    return Array.from(await context.read(rows));
  },
};

const sets = ['ppo.stage1Updates=3', 'ppo.checkpointEvery=10', 'rewards.stage1.siblings=1', 'rewards.stage1.moody=0.5'];
const settings = tinySettingsWith(
  [{ name: 'moody', rewards: [moody] }],
  ...sets,
  'iterations=0',
  'data.maxInteractions=60',
  'rewards.timeoutSeconds=20',
);

/** Stage 1 and what it needs. */
async function align(pipeline: Pipeline): Promise<void> {
  const { models, run } = pipeline;
  const { policy, templates } = models;
  const reader = await createReader({ template: templates.lc, form: 'continuation', scoreAnswers: modelAnswers(policy), calibrate: false });
  const counting: Reader = {
    ...reader,
    read(rows) {
      asked.at(-1)?.push(...rows.read.map((text, row) => JSON.stringify([rows.item[row], text])));
      return reader.read(rows);
    },
  };
  models.policy.adapters.create(POLICY, run.rng.fork('adapter'));
  models.policy.adapters.activate(POLICY);
  await aligned(pipeline, 'stage1', 0, () => stage1(pipeline, counting));
}

/** Runs stage 1, noting by its updates what the reader is asked for. @param done updates that were done before */
async function run(folder: RunFolder, done = 0): Promise<void> {
  asked = Array.from({ length: done + 1 }, () => []);
  const progress: Progress = {
    ...silentProgress,
    begin: (name) => ({ update: () => void (name.endsWith('updates') && asked.push([])), done: () => undefined }),
  };
  await withPipeline(await settings, { folder, progress }, align);
}

const filesOf = async (folder: RunFolder): Promise<Buffer[]> =>
  Promise.all(
    [folder.log, folder.explanations('stage1-rollouts'), join(folder.adapter('stage1'), 'adapter_model.safetensors')].map((path) =>
      readFile(path),
    ),
  );

test('a reward that fails leaves the update before, says how to go on, and the run then ends with the same bytes', async () => {
  const whole = await freshFolder();
  await run(whole);
  // of all that lc, siblings and a reward of one's own ask within an update, nothing is read twice
  expect(asked.slice(0, 3).every((texts) => texts.length > 0 && new Set(texts).size === texts.length)).toBe(true);

  const broken = await freshFolder();
  failure = { update: 1, how: () => Promise.reject(new Error('no such key')) };
  await expect(run(broken)).rejects.toMatchObject({
    code: 'REWARD_FAILED',
    where: 'stage1, update 2 of 3',
    message: expect.stringMatching(
      /reward 'moody' threw Error: no such key.*correct the reward; then go on from there with expctr-train --resume/u,
    ) as string,
  });
  failure = { update: 2, how: () => Promise.resolve([NaN]) };
  await expect(run(broken, 1)).rejects.toMatchObject({ code: 'REWARD_LENGTH_MISMATCH', where: 'stage1, update 3 of 3' });
  failure = null;
  await run(broken, 2);
  expect(asked.length).toBe(4); // one update was done, the last
  expect(await filesOf(broken)).toEqual(await filesOf(whole));
}, 60_000);

import { explanationsFromTable, readTable } from '@expctr/data';
import { createReader, modelAnswers, type Reward } from '@expctr/rewards';
import { readRunLog } from '@expctr/run';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { aligned } from '../src/pipeline/align.js';
import { POLICY, type Pipeline } from '../src/pipeline/pipeline.js';
import { stage1 } from '../src/pipeline/stages.js';
import { withPipeline } from '../src/train.js';
import { freshFolder, tinySettingsWith } from './tiny-run.js';

/** The same for all completions of a batch that was asked for first in its update, and different ones in every further one. */
let batches = 0;
const dull: Reward = {
  name: 'dull',
  description: 'tells nothing apart at first',
  options: z.object({}),
  create: () => (rows) => {
    batches += 1;
    return Promise.resolve(Array.from({ length: rows.length }, (_, row) => (batches % 2 === 1 ? 1 : row)));
  },
};

async function align(pipeline: Pipeline): Promise<void> {
  const { models, run } = pipeline;
  const { policy, templates } = models;
  const reader = await createReader({ template: templates.lc, form: 'continuation', scoreAnswers: modelAnswers(policy), calibrate: false });
  policy.adapters.create(POLICY, run.rng.fork('adapter'));
  policy.adapters.activate(POLICY);
  await aligned(pipeline, 'stage1', 0, () => stage1(pipeline, reader));
}

test('an update samples other rows in place of those that teach nothing, and its log and rollouts hold all of them', async () => {
  const settings = await tinySettingsWith(
    [{ name: 'dull', rewards: [dull] }],
    'iterations=0',
    'data.maxInteractions=60',
    'ppo.algorithm=grpo',
    'ppo.refillRounds=3',
    'ppo.multiObjectiveAggregation=normalize-then-sum',
    'ppo.missingStopPenalty=0',
    'rewards.stage1.lc=0',
    'rewards.stage1.dull=1',
  );
  const perUpdate = settings.config.ppo.promptsPerUpdate * settings.config.ppo.completionsPerPrompt;
  const folder = await freshFolder();
  await withPipeline(settings, { folder }, align);

  const { updates } = await readRunLog(folder.log);
  expect(updates.length).toBe(2);
  for (const { metrics } of updates) {
    expect(metrics).toMatchObject({ 'refill/rounds': 1, 'refill/prompts': 2, 'objective/scored': 2 * perUpdate });
    expect(metrics['loss/policy_avg']).toBeTypeOf('number');
    expect(metrics['reward/dull']).toBeGreaterThan(1); // the mean over both rounds
  }
  const { interactionId, rewards } = explanationsFromTable(await readTable(folder.explanations('stage1-rollouts')));
  expect(interactionId.length).toBe(2 * 2 * perUpdate);
  expect(new Set(Array.from(interactionId.slice(0, 2 * perUpdate))).size).toBe(4); // four rows, none of them twice
  expect(Object.keys(rewards)).toEqual(expect.arrayContaining(['score', 'dull']));
}, 60_000);

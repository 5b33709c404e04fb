import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { createLearner, type UpdateReport } from '../src/index.js';
import { createRng } from '@expctr/core';
import { bigramPolicy, EOS } from './bigram-policy.js';
import { learnerOf, PROMPTS, shareOf, type TestConfig } from './helpers.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const TOKEN = 2;
const meanScore = ({ completions }: UpdateReport): number =>
  completions.reduce((sum, { score }) => sum + (score ?? 0), 0) / completions.length;

/** Mean share of the token in the completions of the last five of `count` updates. */
async function shareAfter(count: number, config: TestConfig): Promise<{ share: number; reports: UpdateReport[] }> {
  const { ppo } = await learnerOf(bigramPolicy(), {
    completionsPerPrompt: 6,
    missingStopPenalty: 0,
    klCoefficient: 0.01,
    microBatchSize: 100,
    ...config,
  });
  const reports: UpdateReport[] = [];
  for (let step = 0; step < count; step += 1) reports.push(await ppo.update({ prompts: PROMPTS, score: shareOf(TOKEN), step }));
  const share = reports.slice(-5).reduce((sum, report) => sum + meanScore(report), 0) / 5;
  return { share, reports };
}

test('PPO raises the share of a given token by at least 0.4 over the same run at learning rate 0', async () => {
  const still = await shareAfter(20, { learningRate: 0 });
  const learned = await shareAfter(20, { learningRate: 0.05 });
  console.log(`share of the token: ${still.share.toFixed(3)} at learning rate 0, ${learned.share.toFixed(3)} trained`);
  expect(still.share).toBeLessThan(0.35);
  expect(learned.share - still.share).toBeGreaterThan(0.4);
});

test('a heavier KL penalty keeps the policy nearer to its reference', async () => {
  const kl = async (klCoefficient: number) =>
    (await shareAfter(12, { learningRate: 0.05, klCoefficient })).reports.at(-1)!.metrics['objective/kl']!;
  const [light, heavy] = [await kl(0.001), await kl(0.3)];
  expect(heavy).toBeLessThan(0.5 * light);
});

test('the adaptive coefficient rises while the KL is above its target', async () => {
  const { reports } = await shareAfter(12, { learningRate: 0.05, klCoefficient: 0.01, klTarget: 0.1, klHorizon: 50 });
  expect(reports[0]!.metrics['kl_coefficient']).toBe(0.01);
  expect(reports.at(-1)!.metrics['kl_coefficient']).toBeGreaterThan(0.015);
});

test('the missing-stop penalty teaches completions to stop', async () => {
  const stops = async (missingStopPenalty: number): Promise<number> => {
    const policy = bigramPolicy();
    const ppo = await createLearner({
      algorithm: 'ppo',
      policy,
      config: {
        maxNewTokens: 6,
        stopTokenIds: [EOS],
        completionsPerPrompt: 6,
        learningRate: 0.05,
        epochs: 4,
        microBatchSize: 100,
        missingStopPenalty,
      },
      reference: 'base',
      rng: createRng('stops'),
    });
    let report = await ppo.update({ prompts: PROMPTS, score: (all) => Promise.resolve(all.map(() => 0)), step: 0 });
    for (let step = 1; step < 15; step += 1) {
      report = await ppo.update({ prompts: PROMPTS, score: (all) => Promise.resolve(all.map(() => 0)), step });
    }
    return report.completions.filter(({ finishReason }) => finishReason === 'stop').length / report.completions.length;
  };
  expect((await stops(1)) - (await stops(0))).toBeGreaterThan(0.2);
});

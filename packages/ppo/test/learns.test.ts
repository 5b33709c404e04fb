import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { algorithms, type AlgorithmName, type UpdateReport } from '../src/index.js';
import { bigramPolicy } from './bigram-policy.js';
import { learnerOf, PROMPTS, shareOf, updates, type TestConfig } from './helpers.js';
import { learningCurve, TASKS } from './tasks.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const TOKEN = 2;
const names = Object.keys(algorithms) as AlgorithmName[];
async function reportsOf(count: number, config: TestConfig): Promise<UpdateReport[]> {
  const settings = { completionsPerPrompt: 6, missingStopPenalty: 0, microBatchSize: 100, ...config };
  const { ppo } = await learnerOf(bigramPolicy(), settings);
  const reports: UpdateReport[] = [];
  for (let step = 0; step < count; step += 1) reports.push(await ppo.update({ prompts: PROMPTS, score: shareOf(TOKEN), step }));
  return reports;
}

/** By how much the mean score must rise over five seeds. */
const GAIN = { bandit: 0.4, copying: 0.25 };

test.each((Object.keys(TASKS) as (keyof typeof TASKS)[]).flatMap((task) => names.map((algorithm) => ({ task, algorithm }))))(
  '$algorithm learns $task from five seeds',
  async ({ task, algorithm }) => {
    const gains = await Promise.all(
      [1, 2, 3, 4, 5].map(async (seed) => {
        const curve = await learningCurve(TASKS[task], algorithm, seed);
        return (curve.at(-1)! + curve.at(-2)!) / 2 - curve[0]!;
      }),
    );
    for (const gain of gains) expect(gain).toBeGreaterThan(0);
    expect(gains.reduce((sum, gain) => sum + gain, 0) / 5).toBeGreaterThan(GAIN[task]);
  },
);

test('nothing is learned at learning rate 0', async () => {
  const policy = bigramPolicy();
  for (const algorithm of names) {
    const { ppo } = await learnerOf(policy, { learningRate: 0, completionsPerPrompt: 6 }, { algorithm });
    await updates(ppo, 1, shareOf(TOKEN));
  }
  expect(policy.adapters.get('default').every((value) => value === 0)).toBe(true);
});

test('a heavier KL penalty keeps the policy nearer to its reference', async () => {
  const kl = async (klCoefficient: number) => (await reportsOf(8, { learningRate: 0.05, klCoefficient })).at(-1)!.metrics['objective/kl']!;
  const [light, heavy] = [await kl(0.001), await kl(0.3)];
  expect(heavy).toBeLessThan(0.5 * light);
});

test('the adaptive coefficient rises while the KL is above its target', async () => {
  const reports = await reportsOf(12, { learningRate: 0.05, klCoefficient: 0.01, klTarget: 0.1, klHorizon: 50 });
  expect(reports[0]!.metrics['kl_coefficient']).toBe(0.01);
  expect(reports.at(-1)!.metrics['kl_coefficient']).toBeGreaterThan(0.015);
});

test.each(names)('the missing-stop penalty teaches completions to stop: %s', async (algorithm) => {
  const stops = async (missingStopPenalty: number): Promise<number> => {
    const settings = { maxNewTokens: 6, completionsPerPrompt: 6, learningRate: 0.05, microBatchSize: 100, missingStopPenalty };
    const { ppo } = await learnerOf(bigramPolicy(), settings, { algorithm });
    const { completions } = await updates(ppo, 15, (all) => Promise.resolve(all.map(() => 0)));
    return completions.filter(({ finishReason }) => finishReason === 'stop').length / completions.length;
  };
  expect((await stops(1)) - (await stops(0))).toBeGreaterThan(0.15);
});

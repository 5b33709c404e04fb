import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { algorithms, type AlgorithmName, type UpdateReport } from '../src/index.js';
import { bigramPolicy } from './bigram-policy.js';
import { learnerOf, PROMPTS, shareOf, updates, type TestConfig } from './helpers.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const TOKEN = 2;
/** A pull to the reference that leaves room to learn. */
const LIGHT: Readonly<Record<string, TestConfig>> = { ppo: { klCoefficient: 0.01 }, rloo: { beta: 0.01 } };
const meanScore = ({ completions }: UpdateReport): number =>
  completions.reduce((sum, { score }) => sum + (score ?? 0), 0) / completions.length;

/** Mean share of the token in the completions of the last five of `count` updates. */
async function shareAfter(
  count: number,
  config: TestConfig,
  algorithm: AlgorithmName = 'ppo',
): Promise<{ share: number; reports: UpdateReport[] }> {
  const settings = { completionsPerPrompt: 6, missingStopPenalty: 0, microBatchSize: 100, ...LIGHT[algorithm], ...config };
  const { ppo } = await learnerOf(bigramPolicy(), settings, { algorithm });
  const reports: UpdateReport[] = [];
  for (let step = 0; step < count; step += 1) reports.push(await ppo.update({ prompts: PROMPTS, score: shareOf(TOKEN), step }));
  const share = reports.slice(-5).reduce((sum, report) => sum + meanScore(report), 0) / 5;
  return { share, reports };
}

test.each(Object.keys(algorithms) as AlgorithmName[])(
  '%s raises the share of a given token by at least 0.4 over the same run at learning rate 0',
  async (algorithm) => {
    const still = await shareAfter(20, { learningRate: 0, epochs: 1 }, algorithm);
    const learned = await shareAfter(20, { learningRate: 0.05 }, algorithm);
    console.log(`share of the token: ${still.share.toFixed(3)} at learning rate 0, ${learned.share.toFixed(3)} trained by ${algorithm}`);
    expect(still.share).toBeLessThan(0.35);
    expect(learned.share - still.share).toBeGreaterThan(0.4);
  },
);

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

test.each(Object.keys(algorithms) as AlgorithmName[])('the missing-stop penalty teaches completions to stop: %s', async (algorithm) => {
  const stops = async (missingStopPenalty: number): Promise<number> => {
    const settings = { maxNewTokens: 6, completionsPerPrompt: 6, learningRate: 0.05, microBatchSize: 100, missingStopPenalty };
    const { ppo } = await learnerOf(bigramPolicy(), settings, { algorithm });
    const { completions } = await updates(ppo, 15, (all) => Promise.resolve(all.map(() => 0)));
    return completions.filter(({ finishReason }) => finishReason === 'stop').length / completions.length;
  };
  expect((await stops(1)) - (await stops(0))).toBeGreaterThan(0.2);
});

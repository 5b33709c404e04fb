import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import type { TokenBatch } from '@expctr/language-model/training';
import type { UpdatePhase } from '../src/index.js';
import { bigramPolicy } from './bigram-policy.js';
import { learnerOf, PROMPTS, shareOf, spied, updates } from './helpers.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const contents = ({ prompts, responses, temperature }: TokenBatch) => ({
  prompts: prompts.map((each) => Array.from(each)),
  responses: responses.map((each) => Array.from(each)),
  temperature,
});

test('only as many policy calls as there are micro-batches: two scoring passes, and one step for each minibatch', async () => {
  const policy = bigramPolicy();
  const { ppo } = await learnerOf(policy, { completionsPerPrompt: 4, microBatchSize: 4, minibatches: 2, epochs: 3 });
  await updates(ppo, 1);
  expect(PROMPTS.length * 4).toBe(16);
  expect(policy.calls.generate.length).toBe(1);
  expect(policy.calls.score.length).toBe(2 * 4);
  expect(policy.calls.step).toEqual([2, 2, 2, 2, 2, 2]);
});

test('what is scored is the first epoch, batch by batch: the same rows in the same order, so that compiled shapes agree', async () => {
  const policy = bigramPolicy();
  const { policy: watched, steps } = spied(policy);
  const { ppo } = await learnerOf(watched, { completionsPerPrompt: 3, microBatchSize: 2, minibatches: 2, epochs: 2, temperature: 0.9 });
  await updates(ppo, 1);
  const scored = policy.calls.score.map(({ batch }) => contents(batch));
  const trained = steps.slice(0, 2).flatMap(({ batches }) => batches.map(contents));
  expect(scored).toEqual([...trained, ...trained]); // once for the policy, once for the reference
  const later = steps.slice(2).flatMap(({ batches }) => batches.map(contents));
  expect(later).not.toEqual(trained); // other epochs are dealt anew
});

test('the learning rate follows its schedule by the step, and each step of the optimizer is given it', async () => {
  const policy = bigramPolicy();
  const { policy: watched, steps } = spied(policy);
  const { ppo } = await learnerOf(watched, { learningRate: (step) => (step === 1 ? 0 : 0.01 / (1 + step)), epochs: 2 });
  await updates(ppo, 1);
  const before = policy.adapters.get('default');
  const resting = await updates(ppo, 1, shareOf(5), 1);
  expect(policy.adapters.get('default')).toEqual(before);
  const last = await updates(ppo, 1, shareOf(5), 4);
  expect(policy.adapters.get('default')).not.toEqual(before);
  expect([resting.metrics['lr'], last.metrics['lr']]).toEqual([0, 0.002]);
  expect(steps.map(({ options }) => options.learningRate)).toEqual([0.01, 0.01, 0, 0, 0.002, 0.002]);
});

test('the gradient is clipped to its largest norm before Adam sees it', async () => {
  const moved = async (maxGradientNorm: number): Promise<number> => {
    const policy = bigramPolicy();
    await updates((await learnerOf(policy, { maxGradientNorm, learningRate: 0.01, epochs: 1 })).ppo, 1);
    return Math.max(...policy.adapters.get('default').map(Math.abs));
  };
  expect(await moved(1)).toBeCloseTo(0.01, 4); // the first step of Adam is the learning rate, whatever the gradient,
  expect(await moved(1e-9)).toBeLessThan(0.001); // unless it is small beside Adam's epsilon of 1e-8
});

test('the parts of an update are announced in order', async () => {
  const { ppo } = await learnerOf(bigramPolicy());
  const phases: UpdatePhase[] = [];
  await ppo.update({ prompts: PROMPTS, score: shareOf(5), step: 0, onPhase: (phase) => phases.push(phase) });
  expect(phases).toEqual(['generate', 'score', 'log-probabilities', 'optimize']);
});

import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import type { ScoreFunction, UpdatePhase } from '../src/index.js';
import { bigramPolicy } from './bigram-policy.js';
import { learnerOf, shareOf, spied, type TestConfig } from './helpers.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const settings: TestConfig = { completionsPerPrompt: 3, missingStopPenalty: 0, epochs: 1, refillRounds: 3 };
/** Completions of the first prompts are all worth the same, and of every further one as they differ in length. */
const dull =
  (until: number): ScoreFunction =>
  (all) =>
    Promise.resolve(all.map(({ promptIndex }, i) => (promptIndex < until ? 1 : i % 3)));

test('prompts that teach nothing are made up for by further ones, until as many teach or the rounds are over', async () => {
  const bigram = bigramPolicy();
  const { policy, steps } = spied(bigram);
  const { ppo } = await learnerOf(policy, settings, { algorithm: 'grpo' });
  const asked: [number, number][] = [];
  const phases: UpdatePhase[] = [];
  const more = (count: number, round: number) => {
    asked.push([count, round]);
    return Array.from({ length: count }, (_, i) => [round, i + 1]);
  };
  const onPhase = (phase: UpdatePhase) => phases.push(phase);
  const { metrics, completions } = await ppo.update({ prompts: [[3], [4], [5]], step: 0, score: dull(4), more, onPhase });
  expect(asked).toEqual([
    [3, 1], // all three were dull
    [1, 2], // and of the further ones the first
  ]);
  expect(metrics).toMatchObject({ 'refill/rounds': 2, 'refill/prompts': 4, frac_reward_zero_std: 4 / 7, 'objective/scored': 21 });
  expect(completions.map(({ promptIndex }) => promptIndex)).toEqual(Array.from({ length: 21 }, (_, i) => Math.floor(i / 3)));
  expect(completions[9]!.prompt).toEqual([1, 1]);
  expect(steps[0]!.batches.flatMap(({ prompts }) => prompts).length).toBe(9);
  expect(phases).toEqual(['generate', 'score', 'generate', 'score', 'generate', 'score', 'log-probabilities', 'optimize']);
  expect(new Set(bigram.calls.generate.map(({ seed }) => JSON.stringify(seed))).size).toBe(3);

  const bounded = await ppo.update({ prompts: [[3], [4]], step: 1, score: dull(Infinity), more });
  expect(bounded.metrics).toMatchObject({ 'refill/rounds': 3, 'refill/prompts': 6, frac_reward_zero_std: 1 });
  const few = await ppo.update({ prompts: [[3], [4]], step: 2, score: dull(Infinity), more: () => [] });
  expect(few.metrics).toMatchObject({ 'refill/rounds': 0, 'refill/prompts': 0 });
});

test('without a source of further prompts a refill is refused by name; without refills nobody is asked', async () => {
  const request = { prompts: [[3], [4]], step: 0, score: dull(9) };
  const { ppo } = await learnerOf(bigramPolicy(), settings, { algorithm: 'grpo' });
  await expect(ppo.update(request)).rejects.toMatchObject({ code: 'PPO_NO_PROMPTS', where: 'update' });
  const { ppo: plain } = await learnerOf(bigramPolicy(), { ...settings, refillRounds: 0 }, { algorithm: 'grpo' });
  const { metrics } = await plain.update({ ...request, more: () => Promise.reject(new Error('asked')) });
  expect(Object.keys(metrics).filter((name) => name.startsWith('refill'))).toEqual([]);
});

test('an update that needs no refill is the same to the bit, whether it might have had one', async () => {
  const after = async (refillRounds: number) => {
    const policy = bigramPolicy();
    const { ppo } = await learnerOf(policy, { ...settings, refillRounds, learningRate: 0.02 }, { algorithm: 'dpo' });
    await ppo.update({ prompts: [[3]], step: 0, score: (all) => Promise.resolve(all.map((_, i) => i)), more: () => [] });
    return policy.adapters.get('default');
  };
  expect(await after(2)).toEqual(await after(0));
});

test('components reach an algorithm and the report; the missing-stop penalty is none of them', async () => {
  const weights = { share: 1, big: 0.5 };
  const score: ScoreFunction = async (all) => {
    const share = Array.from((await shareOf(2)(all)) as number[]);
    const big = all.map(({ tokens }, i) => (i % 4 === 0 ? null : 1000 * tokens.length));
    return { total: share.map((value, i) => value + 0.5 * (big[i] ?? 0)), components: { share, big }, weights };
  };
  const moved = async (config: TestConfig, by: ScoreFunction = score) => {
    const policy = bigramPolicy();
    const { ppo } = await learnerOf(policy, { ...settings, refillRounds: 0, ...config }, { algorithm: 'grpo' });
    const { completions } = await ppo.update({ prompts: [[3], [4], [5]], step: 0, score: by });
    return { adapter: policy.adapters.get('default'), completions };
  };
  const each = { multiObjectiveAggregation: 'normalize-then-sum' };
  const separate = await moved(each);
  expect(separate.completions[0]!.components).toEqual({ share: separate.completions[0]!.score, big: null });
  expect(separate.adapter).not.toEqual((await moved({})).adapter);
  // the scale of one reward does not matter
  const scaled: ScoreFunction = async (all) => {
    const given = (await score(all)) as Exclude<Awaited<ReturnType<ScoreFunction>>, ArrayLike<number | null>>;
    const big = Array.from(given.components['big']!, (value) => (value === null ? null : value * 7));
    return { ...given, components: { ...given.components, big } };
  };
  (await moved(each, scaled)).adapter.forEach((value, i) => expect(value).toBeCloseTo(separate.adapter[i]!, 5));
  expect((await moved({ ...each, missingStopPenalty: 1 })).adapter).not.toEqual(separate.adapter);
});

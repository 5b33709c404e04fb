import { createRng } from '@expctr/core';
import { sgd } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import {
  checkPolicy,
  generalisedAdvantage,
  klEstimators,
  nextKlCoefficient,
  penalizeMissingStop,
  policyLoss,
  shapedRewards,
  valueLoss,
  whiten,
  type Rollout,
} from '../src/index.js';
import { bigramPolicy, EOS } from './bigram-policy.js';
import { column, disturb, learnerOf, moments, PROMPTS, shareOf, spied, updates } from './helpers.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const f32 = (...values: number[]): Float32Array => Float32Array.from(values);
const row = (...values: number[]): tf.Tensor2D => tf.tensor2d([values]);
const number = (scalar: tf.Scalar): number => scalar.dataSync()[0]!;
const checks = async (policy: ReturnType<typeof bigramPolicy>, line: string) =>
  (await checkPolicy({ policy, prompts: PROMPTS, padTokenId: EOS, rng: createRng('check') })).filter(({ property }) =>
    property.startsWith(line),
  );

test('1. on the first minibatch, and at learning rate 0, the ratio is 1 to the last bit; other chunking moves it by less than 1e-4', async () => {
  const settings = { temperature: 0.7, epochs: 3, minibatches: 2, microBatchSize: 2 };
  const still = await updates((await learnerOf(bigramPolicy(), { ...settings, learningRate: 0 })).ppo, 2);
  expect(still.metrics['val/log_ratio_max']).toBe(0);
  expect(still.metrics['policy/approxkl_avg']).toBe(0);
  expect(still.metrics['val/ratio']).toBeCloseTo(1, 6);

  const { ppo, warnings } = await learnerOf(bigramPolicy(), settings);
  const moving = await updates(ppo, 2);
  expect(moving.metrics['val/first_log_ratio']).toBe(0);
  expect(moving.metrics['val/log_ratio_max']).toBeGreaterThan(1e-3);
  expect(warnings).toEqual([]);

  for (const { property, observed, holds } of await checks(bigramPolicy(), '1.')) {
    console.log(`${property}: ${observed}`);
    expect(holds).toBe(true);
  }
  const unequal = await learnerOf(bigramPolicy({ mutation: 'dropout in training' }), settings);
  await updates(unequal.ppo, 1);
  expect(unequal.warnings.map(({ code }) => code)).toEqual(['PPO_RATIO_NOT_ONE']);
});

test('2. position ids are the exclusive cumulative sum of the mask: left padding moves no token', async () => {
  expect((await checks(bigramPolicy(), '2.')).map(({ holds }) => holds)).toEqual([true]);
  expect((await checks(bigramPolicy({ mutation: 'positions count padding' }), '2.')).map(({ holds }) => holds)).toEqual([false]);
  // and PPO hands prompts over as they are, leaving padding and positions to the policy
  const { policy, steps } = spied(bigramPolicy());
  await updates((await learnerOf(policy)).ppo, 1);
  const given = steps[0]!.batches.flatMap(({ prompts }) => prompts.map((prompt) => Array.from(prompt).join()));
  expect(new Set(given)).toEqual(new Set(PROMPTS.map((prompt) => prompt.join())));
});

test('3. masks come from lengths: a response token that equals the pad id counts', async () => {
  const settings = { stopTokenIds: [7], learningRate: 0, missingStopPenalty: 0 };
  const { ppo } = await learnerOf(bigramPolicy(), settings);
  const { completions, metrics } = await updates(ppo, 1);
  expect(completions.some(({ tokens }) => tokens.includes(EOS))).toBe(true);
  expect(metrics['val/ratio']).toBeCloseTo(1, 6);
  const byPadId = await updates((await learnerOf(bigramPolicy({ mutation: 'mask from pad id' }), settings)).ppo, 1);
  expect(byPadId.metrics['val/ratio']).toBeLessThan(0.99);
});

test('4. logits are divided by the temperature for old, reference and new log-probabilities alike', async () => {
  const policy = bigramPolicy();
  disturb(policy);
  policy.adapters.create('other', createRng(0));
  const { ppo } = await learnerOf(policy, { temperature: 2 }, { reference: { adapter: 'other' } });
  const { metrics, completions } = await updates({ ...ppo }, 1, shareOf(5));
  expect(metrics['sampler/logprob_mismatch']).toBeLessThan(1e-6); // the sampler's temperature is that of the old ones
  expect(metrics['val/first_log_ratio']).toBe(0); // and the old ones' that of the new ones

  const fresh = bigramPolicy();
  disturb(fresh);
  const batch = { prompts: completions.map(({ prompt }) => prompt), responses: completions.map(({ tokens }) => tokens), temperature: 2 };
  const [own, base] = [await fresh.logProbabilities(batch, 'default'), await fresh.logProbabilities(batch, null)];
  const kl = own.map((values, i) => values.reduce((sum, value, t) => sum + value - base[i]![t]!, 0));
  expect(metrics['objective/kl']).toBeCloseTo(kl.reduce((a, b) => a + b) / kl.length, 4);
});

test('5. rollouts are pure samples unless asked, and then it warns', async () => {
  const pure = bigramPolicy();
  const quiet = await learnerOf(pure);
  await updates(quiet.ppo, 1);
  expect(pure.calls.generate[0]).toMatchObject({ temperature: 1, adapter: 'default' });
  expect(pure.calls.generate[0]).not.toHaveProperty('topK');
  expect(pure.calls.generate[0]).not.toHaveProperty('topP');
  expect(quiet.warnings).toEqual([]);

  const cut = bigramPolicy();
  const asked = await learnerOf(cut, { topK: 3, topP: 0.9 });
  await updates(asked.ppo, 1);
  expect(cut.calls.generate[0]).toMatchObject({ topK: 3, topP: 0.9 });
  expect(asked.warnings.map(({ code }) => code)).toEqual(['PPO_NOT_PURE_SAMPLES']);
});

test('6. a completion is cut at the stop token, then scored; a missing stop token costs a penalty, looked for in the response only', async () => {
  const policy = bigramPolicy();
  const written = [
    [5, EOS, 5, 5],
    [5, 5, 4, 3],
    [EOS, 1],
    [1, 2, 3, 4, 5],
  ]; // prompts 1 holds the stop token, responses 1 and 3 do not
  const talkative = {
    ...policy,
    generate: () =>
      Promise.resolve(
        written.map((tokens, promptIndex) => ({
          promptIndex,
          tokens: Int32Array.from(tokens),
          logProbs: new Float32Array(tokens.length),
          finishReason: 'length' as const,
        })),
      ),
  };
  const { ppo } = await learnerOf(talkative, { missingStopPenalty: 0.25, completionsPerPrompt: 1 });
  const seen: Rollout[] = [];
  const score = (completions: readonly Rollout[]) => {
    seen.push(...completions);
    return Promise.resolve(completions.map(({ tokens }) => tokens.length));
  };
  const { metrics, completions } = await ppo.update({ prompts: PROMPTS, score, step: 0 });
  expect(seen.map(({ tokens }) => Array.from(tokens))).toEqual([[5, EOS], [5, 5, 4, 3], [EOS], [1, 2, 3, 4, 5]]);
  expect(seen.map(({ finishReason }) => finishReason)).toEqual(['stop', 'length', 'stop', 'length']);
  expect(completions.map((completion) => completion.score)).toEqual([2, 4, 1, 5]);
  expect(metrics['objective/scores']).toBeCloseTo((2 + 4 + 1 + 5 - 2 * 0.25) / 4, 6);
  expect(metrics['val/num_eos_tokens']).toBe(2);
  expect(penalizeMissingStop(1, [3, EOS], [EOS], 0.25)).toBe(1);
  expect(penalizeMissingStop(1, [3, 4], [EOS], 0.25)).toBe(0.75);
});

test('7. the reward sits on the last response token of each completion, whatever their lengths', () => {
  const kl = [f32(0, 0, 0), f32(0), f32(0, 0)];
  expect(shapedRewards({ kl, klCoefficient: 1, scores: [2, -1, 4] }).map((each) => Array.from(each))).toEqual([[0, 0, 2], [-1], [0, 4]]);
});

test('8. every statistic is masked: neither garbage on padding nor the amount of padding changes a metric or a parameter', async () => {
  const run = async (poison: number | undefined, microBatchSize: number) => {
    const policy = bigramPolicy(poison === undefined ? {} : { poison });
    const { ppo } = await learnerOf(policy, { microBatchSize, whitenRewards: true });
    const { metrics } = await updates(ppo, 3);
    return { metrics, adapter: policy.adapters.get('default') };
  };
  const clean = await run(undefined, 4);
  for (const poison of [0, 1e3, -1e3]) expect(await run(poison, 4)).toEqual(clean);
  const alone = await run(1e3, 1); // rows of their own have no padding at all
  for (const [name, value] of Object.entries(clean.metrics)) expect(alone.metrics[name]).toBeCloseTo(value, 4);
});

test('9. per-token KL goes into the reward, k1 by default and k3 on request, and the score is added once', async () => {
  const kl = [f32(0.5, -0.25, 1)];
  const [shaped] = shapedRewards({ kl, klCoefficient: 0.1, scores: [3] });
  expect(Array.from(shaped!)).toEqual(Array.from(f32(-0.05, 0.025, 3 - 0.1)));
  expect(klEstimators.k1(-0.7)).toBe(-0.7);
  expect(klEstimators.k3(-0.7)).toBeCloseTo(Math.exp(0.7) - 1 - 0.7, 12);
  expect(klEstimators.k3(0.7)).toBeCloseTo(Math.exp(-0.7) - 1 + 0.7, 12);

  for (const klEstimator of ['k1', 'k3'] as const) {
    const policy = bigramPolicy();
    policy.adapters.create('other', createRng(0));
    disturb(policy);
    const spy = spied(policy);
    const settings = { klEstimator, klCoefficient: 0.1, epochs: 1, microBatchSize: 100, discount: 1, lambda: 1 };
    const { ppo } = await learnerOf(spy.policy, settings, { reference: { adapter: 'other' } });
    const { metrics } = await updates(ppo, 1);
    // values are 0 and nothing is discounted: a return is the sum of the rewards from its token on
    const wholeReturns = column(spy.steps[0]!, 'returns').map((returns) => returns[0]!);
    const meanReturn = wholeReturns.reduce((a, b) => a + b) / wholeReturns.length;
    expect(meanReturn).toBeCloseTo(metrics['objective/rlhf_reward']!, 5);
    expect(metrics['objective/non_score_reward']).toBeCloseTo(-0.1 * metrics['objective/kl']!, 6);
    expect(metrics['objective/rlhf_reward']).toBeCloseTo(metrics['objective/scores']! - 0.1 * metrics['objective/kl']!, 6);
    expect(Math.abs(metrics['objective/kl']!)).toBeGreaterThan(0.05);
  }
});

test('10. GAE bootstraps 0 past the end, and returns are raw advantages + values, before whitening', async () => {
  const { advantages, returns } = generalisedAdvantage(f32(1, 0, 2), f32(0.5, 1.5, -1), { discount: 0.5, lambda: 0.5 });
  const [d2, d1, d0] = [2 - -1, 0 + 0.5 * -1 - 1.5, 1 + 0.5 * 1.5 - 0.5];
  expect(Array.from(advantages)).toEqual([d0 + 0.25 * (d1 + 0.25 * d2), d1 + 0.25 * d2, d2]);
  expect(Array.from(returns)).toEqual([advantages[0]! + 0.5, advantages[1]! + 1.5, d2 - 1]);

  const { policy, steps } = spied(bigramPolicy());
  const { ppo } = await learnerOf(policy, { epochs: 1, microBatchSize: 100 });
  await updates(ppo, 3); // the value head has moved by now
  const [values, targets, whitened] = [column(steps[2]!, 'oldValues'), column(steps[2]!, 'returns'), column(steps[2]!, 'advantages')];
  expect(moments(values).variance).toBeGreaterThan(1e-6);
  const raw = targets.map((target, i) => target.map((value, t) => value - values[i]![t]!));
  expect(moments(raw).variance).not.toBeCloseTo(1, 2);
  whiten(raw, { keepMean: false }).forEach((expected, i) => expected.forEach((value, t) => expect(whitened[i]![t]).toBeCloseTo(value, 4)));
});

test('11. whitening is masked; rewards keep their mean, advantages are centred', async () => {
  const { policy, steps } = spied(bigramPolicy());
  const settings = { whitenRewards: true, epochs: 1, microBatchSize: 100, discount: 1, lambda: 1, missingStopPenalty: 0 };
  const { metrics, completions } = await updates((await learnerOf(policy, settings)).ppo, 1);
  const advantages = moments(column(steps[0]!, 'advantages'));
  expect(advantages.mean).toBeCloseTo(0, 5);
  expect(advantages.variance).toBeCloseTo(1, 4);

  // values are 0, lambda and discount 1: rewards are the differences of returns
  const rewards = column(steps[0]!, 'returns').map((returns) => returns.map((value, t) => value - (returns[t + 1] ?? 0)));
  const tokens = completions.reduce((sum, each) => sum + each.tokens.length, 0);
  const { mean, variance } = moments(rewards);
  expect(mean).toBeCloseTo((metrics['objective/rlhf_reward']! * completions.length) / tokens, 5);
  expect(mean).toBeGreaterThan(0.005);
  expect(variance).toBeCloseTo(1, 3);
});

test('12. the value loss is clipped, and the value head starts at zero', async () => {
  const loss = (value: number, oldValue: number, target: number) =>
    valueLoss({ values: row(value), oldValues: row(oldValue), returns: row(target), mask: row(1) }, { valueClipRange: 0.2 });
  expect(number(loss(0.1, 0, 1).loss)).toBeCloseTo(0.5 * 0.9 ** 2, 6); // inside
  expect(number(loss(0.9, 0, 1).loss)).toBeCloseTo(0.5 * 0.8 ** 2, 6); // moved towards the target by more than allowed
  expect(number(loss(0.9, 0, 1).clipped)).toBe(1);
  expect(number(loss(-0.9, 0, 1).loss)).toBeCloseTo(0.5 * 1.9 ** 2, 6); // moved away: the full error counts
  expect(number(loss(-0.9, 0, 1).clipped)).toBe(0);
  const slope = (value: number) => tf.grad((v) => valueLoss({ values: v as tf.Tensor2D, oldValues: row(0), returns: row(1), mask: row(1) }, { valueClipRange: 0.2 }).loss)(row(value)).dataSync()[0]; // prettier-ignore
  expect(slope(0.9)).toBeCloseTo(0, 9);
  expect(slope(0.1)).toBeCloseTo(-0.9, 6);

  const { policy, steps } = spied(bigramPolicy());
  const { ppo } = await learnerOf(policy, { epochs: 1 });
  await updates(ppo, 2);
  expect(column(steps[0]!, 'oldValues').every((values) => values.every((value) => value === 0))).toBe(true);
  expect(column(steps[1]!, 'oldValues').some((values) => values.some((value) => value !== 0))).toBe(true);
});

test('13. the reference is the base model only while the adapter began at zero; a continued adapter has a frozen copy as reference', async () => {
  const fresh = bigramPolicy();
  const first = await updates((await learnerOf(fresh)).ppo, 1);
  expect(new Set(fresh.calls.score.map(({ adapter }) => adapter))).toEqual(new Set(['default', null]));
  expect(first.metrics['objective/kl']).toBe(0);

  const continued = bigramPolicy();
  disturb(continued);
  const wrong = await learnerOf(continued);
  await expect(updates(wrong.ppo, 1)).rejects.toMatchObject({ code: 'PPO_REFERENCE' });

  const before = continued.adapters.get('default');
  const { ppo } = await learnerOf(continued, {}, { reference: 'copy' });
  expect((await updates(ppo, 1)).metrics['objective/kl']).toBe(0);
  const later = await updates(ppo, 3, shareOf(5), 1);
  expect(later.metrics['objective/kl']).not.toBe(0);
  expect(continued.adapters.get('default-reference')).toEqual(before);
  expect(continued.adapters.get('default')).not.toEqual(before);
  expect(continued.calls.score.some(({ adapter }) => adapter === null)).toBe(true); // only the refused run asked the base model
});

test('14. guards: log-ratio clamped to +-20, dual clip 3, extreme minibatches skipped and counted, KL error clipped to +-0.2, no dropout', async () => {
  const surrogate = (logRatio: number, advantage: number) =>
    policyLoss({ logProbs: row(logRatio), oldLogProbs: row(0), advantages: row(advantage), mask: row(1) }, { clipRange: 0.2, dualClip: 3 });
  expect(number(surrogate(50, 1).ratio)).toBeCloseTo(Math.exp(20), -4);
  expect(number(surrogate(-50, 1).ratio)).toBeCloseTo(Math.exp(-20), 12);
  expect(number(surrogate(2, -1).loss)).toBeCloseTo(3, 6); // without the bound: e^2 = 7.4
  expect(number(surrogate(1, -1).loss)).toBeCloseTo(Math.E, 5); // below it: as it is
  expect(number(surrogate(2, 1).loss)).toBeCloseTo(-1.2, 6); // a positive advantage is clipped, not bounded

  // old log-probabilities 3 nats too low: ratio e^3, in every minibatch
  const bigram = bigramPolicy();
  const lowered = (values: readonly Float32Array[]) => values.map((each) => each.map((value) => value - 3));
  const { policy } = spied(bigram, (batch) => ({
    ...batch,
    columns: { ...batch.columns, oldLogProbs: lowered(batch.columns!['oldLogProbs']!) },
  }));
  const { ppo } = await learnerOf(policy, { epochs: 2, minibatches: 3 });
  const before = ppo.exportState().tensors;
  const { metrics } = await updates(ppo, 1);
  expect(metrics['guards/skipped_minibatches']).toBe(6);
  expect(metrics['val/ratio']).toBeGreaterThan(10);
  expect(bigram.adapters.get('default').every((value) => value === 0)).toBe(true);
  expect(ppo.exportState().tensors).toEqual(before);
  const allowed = await learnerOf(policy, { epochs: 2, minibatches: 3, ratioThreshold: 30 });
  expect((await updates(allowed.ppo, 1)).metrics['guards/skipped_minibatches']).toBe(0);

  const control = { klTarget: 2, klHorizon: 100 };
  expect(nextKlCoefficient(0.1, 1000, 50, control)).toBeCloseTo(0.1 * (1 + 0.2 / 2), 12);
  expect(nextKlCoefficient(0.1, -1000, 50, control)).toBeCloseTo(0.1 * (1 - 0.2 / 2), 12);
  expect(nextKlCoefficient(0.1, 2.2, 50, control)).toBeCloseTo(0.1 * (1 + 0.1 / 2), 12);

  expect((await checks(bigramPolicy(), '14.')).map(({ observed }) => observed)).toEqual([0]);
});

test('15. the loss is divided by the token count of the whole minibatch, not by a mean of micro-batch means', async () => {
  const run = async (microBatchSize: number) => {
    const bigram = bigramPolicy();
    const { policy, steps } = spied(bigram);
    const { ppo } = await learnerOf(policy, { microBatchSize, minibatches: 2, epochs: 2 }, { optimizer: sgd({ learningRate: 1 }) });
    const { metrics } = await updates(ppo, 1);
    for (const { batches } of steps) {
      const tokens = batches.flatMap(({ responses }) => responses).reduce((sum, { length }) => sum + length, 0);
      expect(batches.map(({ scalars }) => scalars!['tokens'])).toEqual(batches.map(() => tokens));
    }
    return { adapter: bigram.adapters.get('default'), metrics };
  };
  const whole = await run(100);
  expect(Math.max(...whole.adapter.map(Math.abs))).toBeGreaterThan(1e-3);
  for (const size of [1, 2, 5]) {
    const cut = await run(size);
    cut.adapter.forEach((value, i) => expect(value).toBeCloseTo(whole.adapter[i]!, 6));
    expect(cut.metrics['loss/policy_avg']).toBeCloseTo(whole.metrics['loss/policy_avg']!, 5);
    expect(cut.metrics['val/ratio']).toBeCloseTo(whole.metrics['val/ratio']!, 5);
  }
  expect((await checks(bigramPolicy({ mutation: 'micro-batches averaged' }), '15.')).map(({ holds }) => holds)).toEqual([false]);
});

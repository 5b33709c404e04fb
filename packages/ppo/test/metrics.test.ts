import { expect, test } from 'vitest';
import { rolloutMetrics, stepMetrics } from '../src/metrics.js';

const f32 = (...values: number[]): Float32Array => Float32Array.from(values);

test('metrics of rollouts are means over completions of sums over their tokens', () => {
  const rollout = (tokens: number[], samplerLogProbs: number[]) => ({
    promptIndex: 0,
    prompt: [1],
    tokens: Int32Array.from(tokens),
    samplerLogProbs: f32(...samplerLogProbs),
    finishReason: 'stop' as const,
  });
  const metrics = rolloutMetrics({
    rollouts: [rollout([4, 5, 9], [-1, -2, -3]), rollout([9], [-0.5])],
    stopTokenIds: [9],
    scores: [3, -1],
    logProbs: [f32(-1, -2.5, -3), f32(-1)],
    kl: [f32(0.5, 0.5, 1), f32(-1)],
    klCoefficient: 0.5,
  });
  expect(metrics).toEqual({
    'objective/kl': 0.5,
    'objective/entropy': 3.75,
    'objective/non_score_reward': -0.25,
    'objective/scores': 1,
    'objective/rlhf_reward': 0.75,
    'val/num_eos_tokens': 2,
    'completions/mean_length': 2,
    'sampler/logprob_mismatch': 0.25,
  });
});

const step = (ratio: number, skipped = false, largestLogRatio = 0.5) => ({
  metrics: {
    policyLoss: 2 * ratio,
    valueLoss: 3,
    entropy: 1,
    approximateKl: 0.1,
    ratio,
    policyClipped: 0.2,
    valueClipped: 0.4,
    largestLogRatio,
  },
  skipped,
  gradientNorm: 4,
});

test('metrics of steps are means over the minibatches that were applied; skipped ones are counted', () => {
  const metrics = stepMetrics([step(1, false, 0), step(2), step(99, true, 7), step(3)]);
  expect(metrics).toMatchObject({
    'loss/policy_avg': 4,
    'loss/value_avg': 3,
    'policy/gradient_norm_avg': 4,
    'val/ratio': 2,
    'val/ratio_var': 1,
    'val/first_log_ratio': 0,
    'val/log_ratio_max': 7,
    'guards/skipped_minibatches': 1,
  });
  expect(stepMetrics([step(5)])['val/ratio_var']).toBe(0);
  expect(stepMetrics([step(99, true)])).toMatchObject({ 'val/ratio': 99, 'guards/skipped_minibatches': 1 });
});

import { expect, test } from 'vitest';
import { logProbMetrics, rolloutMetrics, stepMetrics } from '../src/metrics.js';

const f32 = (...values: number[]): Float32Array => Float32Array.from(values);

test('metrics of rollouts are means over completions of sums over their tokens', () => {
  const rollout = (tokens: number[], samplerLogProbs: number[]) => ({
    promptIndex: 0,
    prompt: [1],
    tokens: Int32Array.from(tokens),
    samplerLogProbs: f32(...samplerLogProbs),
    finishReason: 'stop' as const,
  });
  const rollouts = [rollout([4, 5, 9], [-1, -2, -3]), rollout([9], [-0.5])];
  expect(rolloutMetrics(rollouts, [3, -1], [9])).toEqual({
    'objective/scores': 1,
    'val/num_eos_tokens': 2,
    'completions/mean_length': 2,
  });
  const logProbs = [f32(-1, -2.5, -3), f32(-1)];
  const own = { 'objective/entropy': 3.75, 'sampler/logprob_mismatch': 0.25 };
  expect(logProbMetrics(rollouts, { logProbs: [], values: [], referenceLogProbs: null })).toEqual({});
  expect(logProbMetrics(rollouts, { logProbs, values: [], referenceLogProbs: null })).toEqual(own);
  const unsaid = [{ ...rollouts[0]!, samplerLogProbs: f32(-1, NaN, -3) }, rollouts[1]!]; // the sampler does not say one of four
  expect(logProbMetrics(unsaid, { logProbs, values: [], referenceLogProbs: null })['sampler/logprob_mismatch']).toBeCloseTo(0.5 / 3, 6);
  const referenceLogProbs = [f32(-1.5, -3, -4), f32(0)];
  expect(logProbMetrics(rollouts, { logProbs, values: [], referenceLogProbs })).toEqual({ ...own, 'objective/kl': 0.5 });
});

const step = (ratio: number, skipped = false, largestLogRatio = 0.5) => ({
  metrics: {
    loss: 5,
    'loss/policy_avg': 2 * ratio,
    'loss/value_avg': 3,
    'val/ratio': ratio,
    'val/log_ratio_max': largestLogRatio,
  },
  skipped,
  gradientNorm: 4,
});

test('metrics of steps are means over the minibatches that were applied; skipped ones are counted', () => {
  const metrics = stepMetrics([step(1, false, 0), step(2), step(99, true, 7), step(3)]);
  expect(metrics).toEqual({
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

import { createRng } from '@expctr/core';
import type { RowPair, StepLoss, TokenBatch } from '@expctr/language-model/training';
import { sgd } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { planBatch } from '../../src/policy/batch-plan.js';
import { largestDifference, useBackend } from '../model/oracle.js';
import { stories, storiesPolicy, tokens } from './stories.js';

/** Completions of three prompts; rows 7 and 8 stand in no pair, and row 2 in two of them. */
const prompts = [1, 2, 1, 3, 2, 1, 3, 2, 1].map((seed) => tokens(10 + seed, seed));
const responses = [9, 4, 6, 11, 3, 5, 8, 7, 2].map((length, seed) => tokens(length, 20 + seed));
const pairs: readonly RowPair[] = [[0, 2], [2, 5], [4, 1], [3, 6]]; // prettier-ignore

/** Direct preference optimization without a reference (Rafailov et al. 2023, equation 7), beta 0.1. */
const dpo: StepLoss<Record<string, never>> = ({ logProbs }, { mask, pairs: own, scalars: { count } }) => {
  const sums = tf.sum(tf.mul(logProbs, mask), 1); // [rows]
  const margins = tf.mul(tf.sub(tf.gather(sums, own!.chosen), tf.gather(sums, own!.rejected)), 0.1); // [pairs]
  const losses = tf.mul(tf.logSigmoid(margins), own!.mask);
  return {
    loss: tf.div(tf.neg(tf.sum(losses)), count!).asScalar(),
    metrics: { pairs: tf.sum(own!.mask).asScalar(), margin: tf.sum(tf.mul(margins, own!.mask)).asScalar() },
  };
};

describe.skipIf(stories.missing)('a loss over pairs of rows', () => {
  beforeAll(() => useBackend('onnx'));

  async function gradient(batchTokens: number, batch: TokenBatch) {
    const policy = await storiesPolicy({ limits: { batchTokens }, lora: { rank: 2, alpha: 4, targetModules: ['q_proj', 'down_proj'] } });
    policy.adapters.create('a', createRng(3));
    const fresh = policy.adapters.get('a');
    const rng = createRng(4);
    const tensors = new Map(
      [...fresh.tensors].map(([path, { a, b }]) => [path, { a, b: { ...b, data: b.data.map(() => 0.1 * rng.normal()) } }]),
    );
    policy.adapters.set('a', { config: fresh.config, tensors });
    const logProbs = await policy.logProbabilities(batch, 'a');
    const step = await policy.compileStep(dpo, sgd({ learningRate: 1 }), {});
    const { metrics } = await step.run([batch]);
    const gradients = [...policy.adapters.get('a').tensors].flatMap(([path, { a, b }]) => {
      const before = tensors.get(path)!;
      return [...a.data.map((value, i) => before.a.data[i]! - value), ...b.data.map((value, i) => before.b.data[i]! - value)];
    });
    await policy.dispose();
    return { metrics, gradients, logProbs };
  }

  test('has the same gradient however small the parts are, and is the loss of the log-probabilities', async () => {
    const batch = { prompts, responses, pairs, scalars: { count: pairs.length } };
    expect(planBatch(batch, 16).length).toBeGreaterThan(2);
    expect(planBatch(batch, 4096)).toHaveLength(1);
    const [small, large] = [await gradient(16, batch), await gradient(4096, batch)];
    const most = Math.max(...large.gradients.map(Math.abs));
    expect(most).toBeGreaterThan(0.01);
    expect(largestDifference(small.gradients, large.gradients)).toBeLessThan(1e-4 * most);

    const sums = large.logProbs.map((row) => row.reduce((sum, value) => sum + value, 0));
    const margins = pairs.map(([chosen, rejected]) => 0.1 * (sums[chosen]! - sums[rejected]!));
    const loss = margins.reduce((sum, margin) => sum + Math.log1p(Math.exp(-margin)), 0) / pairs.length;
    for (const { metrics } of [small, large]) {
      expect(metrics['pairs']).toBe(pairs.length);
      expect(metrics['loss']).toBeCloseTo(loss, 4);
      expect(metrics['margin']).toBeCloseTo(
        margins.reduce((sum, margin) => sum + margin, 0),
        3,
      );
    }
  });

  test('turns round where chosen and rejected change places', async () => {
    const only: readonly RowPair[] = [[0, 2]];
    const there = await gradient(4096, { prompts, responses, pairs: only, scalars: { count: 1 } });
    const back = await gradient(4096, { prompts, responses, pairs: only.map(([a, b]): RowPair => [b, a]), scalars: { count: 1 } });
    const [one, other] = [there, back].map(({ metrics }) => Math.exp(-metrics['loss']!)); // sigmoid of the margin, and of its negative
    expect(one! + other!).toBeCloseTo(1, 5);
    const product = there.gradients.reduce((sum, value, i) => sum + value * back.gradients[i]!, 0);
    expect(product).toBeLessThan(0);
  });
});

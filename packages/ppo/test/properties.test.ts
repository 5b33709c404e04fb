import { createRng } from '@expctr/core';
import { sgd } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import type { TokenBatch } from '@expctr/language-model/training';
import {
  algorithms,
  generalisedAdvantage,
  initialValueHead,
  klEstimators,
  planMinibatches,
  resolveConfig,
  whiten,
  type ValueHead,
} from '../src/index.js';
import { bigramPolicy, EOS } from './bigram-policy.js';
import { moments } from './helpers.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const real = (least: number, most: number) => fc.double({ min: least, max: most, noNaN: true });
const share = real(0, 1);
const values = (length: number) => fc.array(real(-5, 5), { minLength: length, maxLength: length }).map((all) => Float32Array.from(all));
const ragged = fc
  .array(fc.integer({ min: 1, max: 7 }), { minLength: 2, maxLength: 6 })
  .chain((lengths) => fc.tuple(...lengths.map(values)));

test('generalised advantages equal the naive sum of discounted temporal differences', () => {
  const rows = fc.integer({ min: 1, max: 9 }).chain((length) => fc.tuple(values(length), values(length)));
  fc.assert(
    fc.property(rows, share, share, ([rewards, estimates], discount, lambda) => {
      const { advantages, returns } = generalisedAdvantage(rewards, estimates, { discount, lambda });
      const delta = Array.from(rewards, (reward, t) => reward + discount * (estimates[t + 1] ?? 0) - estimates[t]!);
      advantages.forEach((advantage, t) => {
        const naive = delta.slice(t).reduce((sum, each, l) => sum + (discount * lambda) ** l * each, 0);
        expect(advantage).toBeCloseTo(naive, 3);
        expect(returns[t]).toBeCloseTo(naive + estimates[t]!, 3);
      });
    }),
  );
});

test('with lambda 1 returns are the discounted sums of rewards, whatever the values; with lambda 0 advantages are one-step differences', () => {
  const rows = fc.integer({ min: 1, max: 9 }).chain((length) => fc.tuple(values(length), values(length)));
  fc.assert(
    fc.property(rows, share, ([rewards, estimates], discount) => {
      const { returns } = generalisedAdvantage(rewards, estimates, { discount, lambda: 1 });
      const sum = rewards.reduceRight((after, reward) => reward + discount * after, 0);
      expect(returns[0]).toBeCloseTo(sum, 3);
      const { advantages } = generalisedAdvantage(rewards, estimates, { discount, lambda: 0 });
      expect(advantages[0]).toBeCloseTo(rewards[0]! + discount * (estimates[1] ?? 0) - estimates[0]!, 4);
    }),
  );
});

test('whitened values have mean 0 and variance 1 over the tokens of all rows, or keep their mean', () => {
  fc.assert(
    fc.property(ragged, (rows) => {
      const before = moments(rows);
      fc.pre(before.variance > 1e-3);
      const centred = moments(whiten(rows, { keepMean: false }));
      expect(centred.mean).toBeCloseTo(0, 4);
      expect(centred.variance).toBeCloseTo(1, 3);
      const kept = moments(whiten(rows, { keepMean: true }));
      expect(kept.mean).toBeCloseTo(before.mean, 4);
      expect(kept.variance).toBeCloseTo(1, 3);
    }),
  );
});

test('whitening keeps order and is blind to where rows are cut', () => {
  fc.assert(
    fc.property(ragged, (rows) => {
      const flat = Float32Array.from(rows.flatMap((row) => [...row]));
      const [whole] = whiten([flat], { keepMean: false });
      const cut = whiten(rows, { keepMean: false }).flatMap((row) => [...row]);
      cut.forEach((value, i) => expect(value).toBeCloseTo(whole![i]!, 5));
      flat.forEach((value, i) => i > 0 && value > flat[i - 1]! && expect(whole![i]).toBeGreaterThanOrEqual(whole![i - 1]!));
    }),
  );
});

test('equal values whiten to 0, or to their mean', () => {
  expect(whiten([Float32Array.of(3), Float32Array.of(3, 3)], { keepMean: false }).map((row) => [...row])).toEqual([[0], [0, 0]]);
  expect(whiten([Float32Array.of(3)], { keepMean: true }).map((row) => [...row])).toEqual([[3]]);
});

test('k3 is never negative, k2 neither, and k1 and k3 have the same expectation, the KL divergence', () => {
  const distribution = fc.array(real(0.05, 1), { minLength: 3, maxLength: 6 }).map((weights) => {
    const total = weights.reduce((a, b) => a + b);
    return weights.map((weight) => weight / total);
  });
  fc.assert(
    fc.property(distribution, distribution, (p, q) => {
      fc.pre(p.length === q.length);
      const expectation = (estimator: (logRatio: number) => number) =>
        p.reduce((sum, share_, i) => sum + share_ * estimator(Math.log(share_ / q[i]!)), 0);
      expect(expectation(klEstimators.k3)).toBeCloseTo(expectation(klEstimators.k1), 10);
      p.forEach((share_, i) => {
        const logRatio = Math.log(share_ / q[i]!);
        expect(klEstimators.k3(logRatio)).toBeGreaterThanOrEqual(0);
        expect(klEstimators.k2(logRatio)).toBeGreaterThanOrEqual(0);
      });
    }),
  );
});

test("minibatches are a partition of the rows into near-equal parts, sorted by length with a prompt's rows together, token counts exact", () => {
  const shape = fc.record({ promptIndex: fc.nat(5), responseLength: fc.integer({ min: 1, max: 9 }) });
  const rowsOf = fc
    .array(shape, { minLength: 1, maxLength: 20 })
    .map((all) => all.map((row) => ({ ...row, promptLength: 3 + (row.promptIndex % 3) })));
  const small = fc.integer({ min: 1, max: 5 });
  fc.assert(
    fc.property(rowsOf, small, small, fc.nat(99), (rows, minibatches, microBatchSize, seed) => {
      const plan = planMinibatches({ rows, minibatches, microBatchSize, rng: createRng(seed) });
      expect(plan).toEqual(planMinibatches({ rows, minibatches, microBatchSize, rng: createRng(seed) }));
      const sizes = plan.map(({ microBatches }) => microBatches.flat().length);
      expect(plan.length).toBe(Math.min(minibatches, rows.length));
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      const dealt = plan.flatMap(({ microBatches }) => microBatches.flat());
      expect(dealt.sort((a, b) => a - b)).toEqual(rows.map((_, row) => row));
      for (const { microBatches, tokens } of plan) {
        const order = microBatches.flat().map((row) => rows[row]!);
        expect(tokens).toBe(order.reduce((sum, { responseLength }) => sum + responseLength, 0));
        expect(microBatches.every((part) => part.length >= 1 && part.length <= microBatchSize)).toBe(true);
        const keys = order.map(
          ({ promptLength, promptIndex, responseLength }) => promptLength * 10000 + promptIndex * 100 + responseLength,
        );
        expect(keys).toEqual([...keys].sort((a, b) => a - b));
      }
    }),
  );
});

test('rows are dealt at random: another stream makes other minibatches', () => {
  const rows = Array.from({ length: 12 }, (_, promptIndex) => ({ promptIndex, promptLength: 3, responseLength: 2 }));
  const deal = (seed: number) => planMinibatches({ rows, minibatches: 3, microBatchSize: 4, rng: createRng(seed) });
  expect(deal(1)).not.toEqual(deal(2));
});

/** A random minibatch for PPO's loss: prompts, responses and columns. */
const minibatch = fc
  .array(
    fc.record({
      prompt: fc.array(fc.nat(7), { minLength: 1, maxLength: 5 }),
      response: fc.array(fc.nat(7), { minLength: 1, maxLength: 6 }),
    }),
    {
      minLength: 2,
      maxLength: 6,
    },
  )
  .chain((rows) => {
    const column = () => fc.tuple(...rows.map(({ response }) => values(response.length)));
    return fc.tuple(fc.constant(rows), column(), column(), column(), column());
  });
const config = resolveConfig(algorithms.ppo, { maxNewTokens: 6, stopTokenIds: [EOS], entropyCoefficient: 0.1 });

async function parametersAfter(batches: readonly TokenBatch[], poison?: number) {
  const policy = bigramPolicy(poison === undefined ? {} : { poison });
  const step = await policy.compileStep<ValueHead>(algorithms.ppo.loss(config), sgd({ learningRate: 1 }), initialValueHead(6));
  const { metrics } = await step.run(batches);
  return { parameters: [...policy.adapters.get('default'), ...step.extra().weight.data, ...step.extra().bias.data], metrics };
}

test('micro-batching never changes the gradient beyond rounding, and what stands on padding never changes anything', async () => {
  await fc.assert(
    fc.asyncProperty(minibatch, fc.integer({ min: 1, max: 5 }), async ([rows, oldLogProbs, advantages, oldValues, returns], size) => {
      const near = (row: Float32Array) => row.map((value) => -2 + value / 10);
      const all = { oldLogProbs: oldLogProbs.map(near), advantages, oldValues, returns };
      const tokens = rows.reduce((sum, { response }) => sum + response.length, 0);
      const cut = (from: number, to: number): TokenBatch => ({
        prompts: rows.slice(from, to).map(({ prompt }) => prompt),
        responses: rows.slice(from, to).map(({ response }) => response),
        columns: Object.fromEntries(Object.entries(all).map(([name, column]) => [name, column.slice(from, to)])),
        scalars: { tokens },
      });
      const whole = await parametersAfter([cut(0, rows.length)]);
      const starts = Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => i * size);
      const parts = await parametersAfter(starts.map((from) => cut(from, from + size)));
      const scale = Math.max(1, ...whole.parameters.map(Math.abs));
      parts.parameters.forEach((value, i) => expect(Math.abs(value - whole.parameters[i]!)).toBeLessThan(1e-5 * scale));
      for (const [name, value] of Object.entries(whole.metrics)) {
        expect(Math.abs(parts.metrics[name]! - value)).toBeLessThan(1e-4 * Math.max(1, Math.abs(value)));
      }
      expect(await parametersAfter([cut(0, rows.length)], 1e3)).toEqual(whole);
    }),
    { numRuns: 25 },
  );
});

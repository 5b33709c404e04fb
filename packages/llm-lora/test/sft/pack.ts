import { sgd } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadCheckpoint } from '../../src/formats/checkpoint.js';
import { planBatch } from '../../src/policy/batch-plan.js';
import { createPolicy } from '../../src/policy/causal-lm.js';
import { familyAdapter, familyFiles, readNumbers } from '../families/fixture.js';
import { largestDifference, useBackend } from '../model/oracle.js';

describe('packing', () => {
  beforeAll(() => useBackend('cpu'));

  test('packed rows are each predicted from their own tokens alone, once', () => {
    const text = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 12 }), fc.integer({ min: 8, max: 60 }), (rows, limit) => {
        const prompts = rows.map(([prompt]) => prompt);
        const responses = rows.map(([, response]) => response);
        const seen: number[] = [];
        for (const { shape, rows: members, packed, places, inverse, targets, cells, mask } of planBatch(
          { prompts, responses, pack: true },
          limit,
        )) {
          seen.push(...members);
          members.forEach((row, index) => {
            responses[row]!.forEach((token, i) => {
              const cell = index * shape.response + i;
              const at = cells[cell]!;
              const place = places[at]!;
              expect([mask[cell], targets[at], inverse[place]]).toEqual([1, token, at]);
              const visible: number[] = [];
              for (let other = place - (place % shape.time); other <= place; other += 1) {
                const segment = packed.segments[other]!;
                if (segment === 0 || segment === packed.segments[place]) visible[packed.positions[other]!] = packed.tokens[other]!;
              }
              expect(visible).toEqual([...prompts[row]!, ...responses[row]!.slice(0, i)]);
            });
          });
          expect(shape.time * shape.batch).toBeLessThanOrEqual(Math.max(limit + 16, ...rows.map(([a, b]) => a.length + b.length + 16)));
        }
        expect(seen.sort((a, b) => a - b)).toEqual(rows.map((_, row) => row));
      }),
    );
  });

  // a window is seen by positions, which begin anew with each row
  test('packed rows have the log-probabilities and the gradient of rows by themselves', async () => {
    const name = 'gemma3_text';
    const files = await familyFiles(name);
    try {
      const policy = createPolicy(await loadCheckpoint(files.folder), null, { limits: { batchTokens: 64 } });
      const adapter = familyAdapter(readNumbers(name));
      const ids = (length: number, seed: number): number[] => Array.from({ length }, (_, i) => 3 + ((seed * 31 + i * i * 7 + i) % 57));
      const batch = {
        prompts: [ids(3, 1), ids(14, 2), ids(1, 3), ids(5, 4)],
        responses: [ids(9, 5), ids(2, 6), ids(11, 7), ids(4, 8)],
      };
      const trained = async (pack: boolean) => {
        policy.adapters.set('a', adapter);
        const logProbs = await policy.logProbabilities({ ...batch, pack }, 'a');
        const step = await policy.compileStep<object>(
          ({ logProbs: all }, { mask }) => ({ loss: tf.sum(tf.mul(tf.square(all), mask)).asScalar(), metrics: {} }),
          sgd({ learningRate: 1e-3 }),
          {},
        );
        const { metrics, gradientNorm } = await step.run([{ ...batch, pack }]);
        await step.dispose();
        const factors = [...policy.adapters.get('a').tensors.values()].flatMap(({ a, b }) => [...a.data, ...b.data]);
        return { logProbs: logProbs.flatMap((row) => [...row]), loss: metrics['loss']!, gradientNorm, factors };
      };
      const [apart, packed] = [await trained(false), await trained(true)];
      expect(largestDifference(packed.logProbs, apart.logProbs)).toBeLessThan(2e-5);
      expect(packed.loss / apart.loss).toBeCloseTo(1, 5);
      expect(packed.gradientNorm / apart.gradientNorm).toBeCloseTo(1, 5);
      expect(largestDifference(packed.factors, apart.factors)).toBeLessThan(1e-5 * apart.gradientNorm);
      await policy.dispose();
    } finally {
      await files.remove();
    }
  });
});

import { createRng } from '@expctr/core';
import { adam } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { storedCheckpoint } from '../../src/formats/checkpoint.js';
import { createPolicy } from '../../src/policy/causal-lm.js';
import { useBackend } from '../model/oracle.js';
import { stories, storiesCheckpoint, tokens } from './stories.js';

beforeAll(() => useBackend('onnx'));

test.skipIf(stories.missing).each(['float32', 'int8'] as const)(
  'layers that are computed again give the same log-probabilities and the same gradient, bit for bit: %s weights',
  async (weights) => {
    const batch = { prompts: [tokens(9, 1), tokens(5, 2)], responses: [tokens(6, 3), tokens(8, 4)] };
    const step = async (recomputeLayers: boolean): Promise<{ loss: number; gradientNorm: number }> => {
      const policy = createPolicy(await storedCheckpoint(await storiesCheckpoint(), weights), null, {
        limits: { recomputeLayers },
        lora: { rank: 4, alpha: 8, targetModules: ['q_proj', 'v_proj', 'up_proj'] },
      });
      policy.adapters.create('adapter', createRng(1));
      const train = await policy.compileStep<Record<string, never>>(
        ({ logProbs, entropy }, { mask }) => ({ loss: tf.sum(tf.mul(mask, tf.mul(logProbs, entropy))).asScalar(), metrics: {} }),
        adam({ learningRate: 0.01 }),
        {},
      );
      const first = await train.run([batch]);
      const second = await train.run([batch]); // from an adapter whose B is no longer zero
      await policy.dispose();
      return { loss: first.metrics['loss']! + second.metrics['loss']!, gradientNorm: first.gradientNorm + second.gradientNorm };
    };
    expect(await step(true)).toEqual(await step(false));
  },
);

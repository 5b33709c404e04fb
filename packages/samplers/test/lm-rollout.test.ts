import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import type { StepLoss } from '@expctr/llm-lora';
import { adam } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { createVllmSampler } from '../src/index.js';
import { closeAll } from './fake-server.js';
import { bigramPolicy, closeLmServers, realLmServer } from './lm-server.js';

/** REINFORCE with a reward for each time that a completion has the token 5. */
const reinforce: StepLoss<object> = ({ logProbs }, { columns }) => ({
  loss: tf.neg(tf.sum(tf.mul(logProbs, columns['advantages']!))).asScalar(),
  metrics: {},
});

test('updates are rolled out on the server of expctr-lm, each by the adapter before it, and the reward rises', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'expctr-rollout-'));
  const policy = bigramPolicy();
  policy.adapters.create('policy', createRng(1));
  const step = await policy.compileStep(reinforce, adam({ learningRate: 0.5 }), {});
  const { url } = await realLmServer();
  const sampler = createVllmSampler({ urls: [url] });
  const prompts = [[1]]; // prettier-ignore
  const rewards: number[] = [];
  try {
    for (let update = 0; update < 3; update += 1) {
      const version = `update-${update}`;
      await policy.adapters.save('policy', join(folder, version));
      await sampler.publish(join(folder, version), version);
      const made = await sampler.generate(prompts, { maxNewTokens: 4, stopTokenIds: [], seed: ['rl', update], completionsPerPrompt: 8 });
      const batch = { prompts: made.map(({ promptIndex }) => prompts[promptIndex]!), responses: made.map(({ tokens }) => tokens) };
      const own = await policy.logProbabilities(batch, 'policy');
      made.forEach(({ logProbs, version: by }, row) => {
        expect(by).toBe(version);
        logProbs.forEach((value, at) => expect(value).toBeCloseTo(own[row]![at]!, 4));
      });
      const scores = made.map(({ tokens }) => tokens.filter((token) => token === 5).length);
      const mean = scores.reduce((a, b) => a + b) / scores.length;
      rewards.push(mean);
      const advantages = made.map(({ tokens }, row) => new Float32Array(tokens.length).fill((scores[row]! - mean) / made.length));
      await step.run([{ ...batch, columns: { advantages } }]);
    }
    expect(rewards.at(-1)!).toBeGreaterThan(rewards[0]!);
  } finally {
    await sampler.dispose();
    await closeAll();
    await closeLmServers();
    await policy.dispose();
    await rm(folder, { recursive: true, force: true });
  }
});

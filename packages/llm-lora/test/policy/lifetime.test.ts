import { createRng } from '@expctr/core';
import { CompiledCache, sgd } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { lifetimeOf, type PolicyContext } from '../../src/policy/context.js';
import { createPolicy } from '../../src/policy/causal-lm.js';
import { loadCheckpoint } from '../../src/formats/checkpoint.js';
import { useBackend } from '../model/oracle.js';
import { stories, storiesPolicy, tokens } from './stories.js';

const batch = { prompts: [tokens(5, 1)], responses: [tokens(3, 2)] };

test('what was freed before the policy is off the policy’s list', async () => {
  const list = new Set<() => Promise<void>>();
  const onDispose: PolicyContext['onDispose'] = (free) => {
    list.add(free);
    return () => void list.delete(free);
  };
  const freed: string[] = [];
  const [first, second] = ['first', 'second'].map((name) =>
    lifetimeOf({ onDispose } as PolicyContext, name, () => Promise.resolve(freed.push(name))),
  );
  expect(list.size).toBe(2);
  await first!.dispose();
  await first!.dispose();
  expect(list.size).toBe(1);
  expect(freed).toEqual(['first']);
  expect(() => first!.check()).toThrow(expect.objectContaining({ code: 'POLICY_DISPOSED' }));
  second!.check();
});

describe.skipIf(stories.missing)('what a policy compiles', () => {
  beforeAll(() => useBackend('onnx'));

  test('is freed once, by itself or with the policy, and is refused afterwards', async () => {
    const clear = vi.spyOn(CompiledCache.prototype, 'clear');
    const idle = await storiesPolicy();
    await idle.dispose();
    const own = clear.mock.calls.length; // the caches that every policy has

    const policy = await storiesPolicy();
    policy.adapters.create('a', createRng(1));
    const score = await policy.compileScore(({ entropy }) => ({ entropy }));
    const loss = ({ logProbs }: { logProbs: tf.Tensor2D }) => ({ loss: tf.sum(logProbs).asScalar(), metrics: {} });
    const step = await policy.compileStep<Record<string, never>>(loss, sgd({ learningRate: 0 }), {});
    await score.run(batch, null, {});
    await step.run([batch]);

    clear.mockClear();
    await score.dispose();
    await score.dispose();
    await step.dispose();
    expect(clear).toHaveBeenCalledTimes(2);
    await expect(score.run(batch, null, {})).rejects.toMatchObject({ code: 'POLICY_DISPOSED' });
    await expect(step.run([batch])).rejects.toMatchObject({ code: 'POLICY_DISPOSED' });
    expect(await policy.logProbabilities(batch, 'a')).toHaveLength(1);
    await policy.dispose();
    expect(clear).toHaveBeenCalledTimes(2 + own);
    await expect(policy.logProbabilities(batch, null)).rejects.toMatchObject({ code: 'POLICY_DISPOSED' });
    clear.mockRestore();
  });

  test('a policy without a tokenizer says how to come by one', async () => {
    const policy = createPolicy(await loadCheckpoint(stories.path));
    expect(() => policy.tokenizer).toThrow(expect.objectContaining({ code: 'POLICY_NO_TOKENIZER' }));
    expect(policy).toMatchObject({ family: 'llama', maxPositions: 512, hiddenSize: 64 });
  });
});

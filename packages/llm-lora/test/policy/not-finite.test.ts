import { createRng } from '@expctr/core';
import { describe, expect, test } from 'vitest';
import type { FloatTensor } from '../../src/formats/host-tensor.js';
import { createPolicy } from '../../src/policy/causal-lm.js';
import { useBackend } from '../model/oracle.js';
import { stories, storiesCheckpoint, storiesPolicy, tokens } from './stories.js';

const sampling = { stopTokenIds: [], seed: [1] as const, maxNewTokens: 6 };
const changed = (tensor: FloatTensor, at: number, value: number): FloatTensor => ({ ...tensor, data: tensor.data.with(at, value) });
const code = (name: string): Error => expect.objectContaining({ code: name }) as Error;

describe.skipIf(stories.missing)('what is not finite', () => {
  test.each([NaN, Infinity, -Infinity])('%d in weights is an error before a token is drawn, whatever the sampling', async (value) => {
    await useBackend('onnx');
    const checkpoint = await storiesCheckpoint();
    const name = 'model.layers.2.mlp.down_proj.weight';
    const tensors = new Map(checkpoint.tensors).set(name, changed(checkpoint.tensors.get(name)!, 77, value));
    const policy = createPolicy({ ...checkpoint, tensors });
    for (const more of [{}, { temperature: 0 }, { topK: 3 }, { topP: 0.5 }]) {
      await expect(policy.generate([tokens(9, 1)], { ...sampling, ...more })).rejects.toEqual(code('POLICY_NOT_FINITE'));
    }
    await expect(policy.scoreAnswers([tokens(9, 1)], [[[5], [6, 7]]])).rejects.toEqual(code('POLICY_NOT_FINITE'));
    const batch = { prompts: [tokens(9, 1)], responses: [tokens(3, 2)] };
    await expect(policy.logProbabilities(batch, null)).rejects.toEqual(code('POLICY_NOT_FINITE'));
    await policy.dispose();
  });

  test.each(['a', 'b'] as const)('an adapter with NaN or infinity in factor %s is not stored', async (factor) => {
    const policy = await storiesPolicy();
    policy.adapters.create('good', createRng(1));
    const { config, tensors } = policy.adapters.get('good');
    const path = 'layers.3.self_attn.v_proj';
    const factors = tensors.get(path)!;
    for (const value of [NaN, -Infinity]) {
      const bad = new Map(tensors).set(path, { ...factors, [factor]: changed(factors[factor], 5, value) });
      const set = (): void => policy.adapters.set('bad', { config, tensors: bad });
      expect(set).toThrow(code('ADAPTER_NOT_FINITE'));
      expect(set).toThrow(path);
      expect(policy.adapters.names()).toEqual(['good']);
    }
  });

  test('near temperature 0 the greedy tokens come, and far above every distribution is even', async () => {
    await useBackend('onnx');
    const policy = await storiesPolicy();
    const prompts = [tokens(9, 1), tokens(30, 2)];
    const texts = async (temperature: number): Promise<number[][]> => {
      const completions = await policy.generate(prompts, { ...sampling, temperature });
      for (const { logProbs } of completions) expect(logProbs.every(Number.isFinite)).toBe(true);
      return completions.map((each) => [...each.tokens]);
    };
    const greedy = await texts(0);
    for (const temperature of [1e-7, 1e-18, 1e-30, 1e-37, 1e-39, 1e-300, Number.MIN_VALUE]) {
      expect(await texts(temperature)).toEqual(greedy);
      const [scored] = await policy.logProbabilities({ prompts: [prompts[0]!], responses: [greedy[0]!], temperature }, null);
      expect(scored!.every(Number.isFinite)).toBe(true); // rounding of a logit divided by the temperature is all that is left of it
    }
    for (const temperature of [1e19, 1e39, 1e300]) {
      const [even] = await policy.generate(prompts, { ...sampling, temperature });
      for (const value of even!.logProbs) expect(value).toBeCloseTo(-Math.log(512), 4);
    }
    await policy.dispose();
  });
});

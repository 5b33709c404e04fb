import { createRng } from '@expctr/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { createPolicy, FAMILIES, type CausalLM, type PolicyOptions, type RotaryDecoderConfig } from '../../src/index.js';
import { randomCheckpoint, smallConfig } from '../families/random.js';
import { useBackend } from '../model/oracle.js';

/** Wide enough for int4, whose blocks are of 32. */
const CONFIG: RotaryDecoderConfig = {
  ...smallConfig,
  hiddenSize: 64,
  intermediateSize: 96,
  headDim: 16,
  vocabularySize: 40,
  maxPositions: 64,
};
const prompts = [[3, 4, 5, 6, 7, 8, 9, 10], [11, 12], [3, 4, 5]]; // prettier-ignore
const options = { maxNewTokens: 12, stopTokenIds: [], seed: [1] as const };

beforeAll(() => useBackend('onnx'));

function policyOf(config: Partial<RotaryDecoderConfig>, more: PolicyOptions = {}): CausalLM {
  const policy = createPolicy(randomCheckpoint(FAMILIES.llama, { ...CONFIG, ...config }, 'stored'), null, {
    lora: { rank: 2, alpha: 4, targetModules: ['q_proj', 'down_proj'] },
    ...more,
  });
  policy.adapters.create('own', createRng(5));
  return policy;
}

/** Mean absolute difference in nats between what the writer says of its tokens and what the policy says of them. */
async function mismatch(policy: CausalLM, adapter: string | null): Promise<number> {
  const completions = await policy.generate(prompts, { ...options, completionsPerPrompt: 4, adapter });
  const batch = {
    prompts: completions.map(({ promptIndex }) => prompts[promptIndex]!),
    responses: completions.map(({ tokens }) => tokens),
  };
  const scored = await policy.logProbabilities(batch, adapter);
  const differences = completions.flatMap(({ logProbs }, row) => [...logProbs].map((value, at) => Math.abs(value - scored[row]![at]!)));
  return differences.reduce((sum, value) => sum + value, 0) / differences.length;
}

describe.each([{ tiedEmbeddings: true }, { tiedEmbeddings: false }])('%j', (config) => {
  test('smaller weights write less exactly, by no more than their format allows, with and without an adapter', async () => {
    const found: Record<string, number> = {};
    for (const samplingWeights of ['float32', 'float16', 'int8', 'int4'] as const) {
      const policy = policyOf(config, { samplingWeights });
      found[samplingWeights] = await mismatch(policy, null);
      expect(await mismatch(policy, 'own')).toBeLessThan({ float32: 1e-5, float16: 0.01, int8: 0.15, int4: 1 }[samplingWeights]);
      await policy.dispose();
    }
    const { float32 = NaN, float16 = NaN, int8 = NaN, int4 = NaN } = found;
    expect(float32).toBeLessThan(1e-5);
    expect(float16).toBeGreaterThan(float32);
    expect(float16).toBeLessThan(0.01);
    expect(int8).toBeGreaterThan(float16);
    expect(int8).toBeLessThan(0.15);
    expect(int4).toBeGreaterThan(int8);
    expect(int4).toBeLessThan(1);
  });
});

test('scoring, reading and the adapter do not see how the writer stores its weights', async () => {
  const [plain, small] = [policyOf({}), policyOf({}, { samplingWeights: 'int8' })];
  const batch = { prompts, responses: prompts.map(() => [13, 14, 15]) };
  await small.generate(prompts, options);
  for (const adapter of ['own', null]) {
    expect(await small.logProbabilities(batch, adapter)).toEqual(await plain.logProbabilities(batch, adapter));
  }
  const answers = prompts.map(() => [[7], [8, 9]]);
  expect(await small.scoreAnswers(prompts, answers)).toEqual(await plain.scoreAnswers(prompts, answers));
  await Promise.all([plain.dispose(), small.dispose()]);
});

test('a batch changes no text that int8 weights write, and weights as inputs are those as constants', async () => {
  const policy = policyOf({}, { samplingWeights: 'int8' });
  const together = await policy.generate(prompts, { ...options, keys: ['a', 'b', 'c'] });
  for (const [row, prompt] of prompts.entries()) {
    const [alone] = await policy.generate([prompt], { ...options, keys: [['a', 'b', 'c'][row]!] });
    expect(alone!.tokens).toEqual(together[row]!.tokens);
  }
  const inputs = policyOf({}, { samplingWeights: 'int8', limits: { decoderWeights: 'inputs' } });
  const same = await inputs.generate(prompts, { ...options, keys: ['a', 'b', 'c'] });
  expect(same.map(({ tokens }) => tokens)).toEqual(together.map(({ tokens }) => tokens));
  await Promise.all([policy.dispose(), inputs.dispose()]);
});

test('a format that is none is refused by name', () => {
  expect(() => policyOf({}, { samplingWeights: 'int9' as never })).toThrow(
    expect.objectContaining({ code: 'POLICY_OPTION', expected: 'one of float32, float16, int8, int4' }),
  );
});

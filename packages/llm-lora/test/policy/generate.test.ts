import { createRng } from '@expctr/core';
import { describe, expect, test } from 'vitest';
import { readFixture, useBackend, type StoriesFixture } from '../model/oracle.js';
import { stories, storiesPolicy, tokens } from './stories.js';

const options = { stopTokenIds: [] as number[], rng: createRng(1) };

test.skipIf(stories.missing)('greedy generation is that of transformers, token for token (stories260K)', async () => {
  await useBackend('onnx');
  const policy = await storiesPolicy();
  const { greedy } = readFixture<StoriesFixture>('stories260K.json');
  const prompts = greedy.map(({ prompt }) => prompt);
  const completions = await policy.generate(prompts, { ...options, temperature: 0, maxNewTokens: 64 });
  expect(completions.map((completion) => Array.from(completion.tokens))).toEqual(greedy.map((each) => each.tokens));
  expect(completions.map(({ finishReason }) => finishReason)).toEqual(['length', 'length', 'length']);
  await policy.dispose();
});

describe.skipIf(stories.missing)('sampling from stories260K', () => {
  const prompts = [tokens(5, 1), tokens(40, 2), tokens(5, 3), [...tokens(5, 1)], tokens(70, 4)];

  test('the composition of a batch changes no completion', async () => {
    await useBackend('onnx');
    const policy = await storiesPolicy();
    const common = { ...options, maxNewTokens: 20, stopTokenIds: [2, 9, 265], completionsPerPrompt: 3 };
    const together = await policy.generate(prompts, common);
    const narrow = await storiesPolicy({ limits: { sequences: 2, readTokens: 64 } });
    const twoAtATime = await narrow.generate(prompts, common);
    expect(twoAtATime.map((each) => Array.from(each.tokens))).toEqual(together.map((each) => Array.from(each.tokens)));
    expect(together.map(({ promptIndex }) => promptIndex)).toEqual(prompts.flatMap((_, index) => [index, index, index]));
    expect(new Set(together.map((each) => each.tokens.join())).size).toBeGreaterThan(10);
    await Promise.all([policy.dispose(), narrow.dispose()]);
  });

  test('the sampler’s log-probabilities are those of the scoring function', async () => {
    await useBackend('onnx');
    const policy = await storiesPolicy();
    const completions = await policy.generate(prompts, { ...options, maxNewTokens: 12, temperature: 0.7 });
    const batch = { prompts, responses: completions.map((each) => each.tokens), temperature: 0.7 };
    const scored = await policy.logProbabilities(batch, null);
    completions.forEach(({ logProbs }, row) => {
      logProbs.forEach((value, at) => expect(value).toBeCloseTo(scored[row]![at]!, 3));
    });
    await policy.dispose();
  });

  test('a completion ends with its first stop token and says so', async () => {
    await useBackend('onnx');
    const policy = await storiesPolicy();
    const free = await policy.generate(prompts, { ...options, maxNewTokens: 24 });
    const stop = free[1]!.tokens[6]!;
    const stopped = await policy.generate(prompts, { ...options, maxNewTokens: 24, stopTokenIds: [stop] });
    stopped.forEach(({ tokens: got, finishReason }, row) => {
      const all = Array.from(free[row]!.tokens);
      const at = all.indexOf(stop);
      expect(Array.from(got)).toEqual(at < 0 ? all : all.slice(0, at + 1));
      expect(finishReason).toBe(at < 0 ? 'length' : 'stop');
    });
    await policy.dispose();
  });

  test('frequencies of sampled first tokens follow the temperature', async () => {
    await useBackend('onnx');
    const policy = await storiesPolicy();
    const many = { ...options, maxNewTokens: 1, completionsPerPrompt: 400 };
    for (const temperature of [0.5, 1.5]) {
      const completions = await policy.generate([tokens(9, 5)], { ...many, temperature });
      const counts = new Map<number, number>();
      for (const { tokens: got } of completions) counts.set(got[0]!, (counts.get(got[0]!) ?? 0) + 1);
      const [top, count] = [...counts].sort((a, b) => b[1] - a[1])[0]!;
      const [logProb] = await policy.logProbabilities({ prompts: [tokens(9, 5)], responses: [[top]], temperature }, null);
      const expected = Math.exp(logProb![0]!);
      expect(Math.abs(count / 400 - expected)).toBeLessThan(4 * Math.sqrt((expected * (1 - expected)) / 400));
    }
    await policy.dispose();
  });
});

import { createRng } from '@expctr/core';
import type { Completion } from '@expctr/language-model';
import { describe, expect, test } from 'vitest';
import type { PolicyLimits } from '../../src/index.js';
import { largestDifference, readFixture, useBackend, type StoriesFixture } from '../model/oracle.js';
import { stories, storiesPolicy, tokens } from './stories.js';

const options = { stopTokenIds: [] as number[], seed: [1] as const };

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
    const told = prompts.map(() => [[], [], []] as number[][]);
    const onToken = (token: number, prompt: number, completion: number): unknown => told[prompt]![completion]!.push(token);
    const together = await policy.generate(prompts, { ...common, onToken });
    expect(told.flat()).toEqual(together.map((each) => Array.from(each.tokens))); // each token was told of as it came
    const narrow = await storiesPolicy({ limits: { sequences: 2, readTokens: 64 } });
    const twoAtATime = await narrow.generate(prompts, common);
    expect(twoAtATime.map((each) => Array.from(each.tokens))).toEqual(together.map((each) => Array.from(each.tokens)));
    expect(together.map(({ promptIndex }) => promptIndex)).toEqual(prompts.flatMap((_, index) => [index, index, index]));
    expect(new Set(together.map((each) => each.tokens.join())).size).toBeGreaterThan(10);
    await Promise.all([policy.dispose(), narrow.dispose()]);
  });

  test('a stream is named by seed, key and completion: neither order nor neighbours change a text', async () => {
    await useBackend('onnx');
    const policy = await storiesPolicy();
    const common = { ...options, seed: ['run', 7] as const, maxNewTokens: 12, completionsPerPrompt: 2 };
    const keys = ['a', 5, 'c', 'd', 9];
    const texts = async (order: readonly number[]): Promise<Map<string, string>> => {
      const chosen = order.map((index) => prompts[index]!);
      const completions = await policy.generate(chosen, { ...common, keys: order.map((index) => keys[index]!) });
      return new Map(completions.map((each, at) => [`${keys[order[each.promptIndex]!]}/${at % 2}`, each.tokens.join()]));
    };
    const all = await texts([0, 1, 2, 3, 4]);
    for (const [name, text] of [...(await texts([4, 2])), ...(await texts([3]))]) expect(text).toBe(all.get(name));
    expect(all.get('a/0')).not.toBe(all.get('d/0')); // the same prompt under another key
    const [unkeyed] = await policy.generate([prompts[0]!], common);
    const [keyed] = await policy.generate([prompts[0]!], { ...common, keys: [0] });
    expect(unkeyed!.tokens).toEqual(keyed!.tokens);
    await policy.dispose();
  });

  test('limits of sequences and of their keys and values change no text: what waits is decoded as if it had not', async () => {
    await useBackend('onnx');
    const run = async (limits: Partial<PolicyLimits>): Promise<string[]> => {
      const policy = await storiesPolicy({ limits });
      const completions = await policy.generate(prompts, { ...options, maxNewTokens: 24, stopTokenIds: [9, 265], completionsPerPrompt: 2 });
      await policy.dispose();
      return completions.map((each) => each.tokens.join());
    };
    const wide = await run({ sequences: 32 });
    expect(await run({ sequences: 1 })).toEqual(wide); // the test above has two slots
    expect(await run({ cacheBytes: 1 })).toEqual(wide); // one of them, although it does not fit
    await expect(run({ sequences: 0 })).rejects.toMatchObject({ code: 'POLICY_OPTION' });
    await expect(run({ cacheBytes: 0.5 })).rejects.toMatchObject({ code: 'POLICY_OPTION' });
  });

  test('an aborted call ends between two tokens with the reason of its signal, and the policy goes on', async () => {
    await useBackend('onnx');
    const policy = await storiesPolicy();
    const controller = new AbortController();
    const reason = new Error('enough');
    const seen: number[] = [];
    const onProgress = (done: number): void => {
      seen.push(done);
      if (seen.length === 3) controller.abort(reason);
    };
    const common = { ...options, maxNewTokens: 40 };
    await expect(policy.generate(prompts, { ...common, signal: controller.signal, onProgress })).rejects.toBe(reason);
    expect(seen).toHaveLength(3);
    await expect(policy.generate(prompts, { ...common, signal: controller.signal })).rejects.toBe(reason);
    expect(await policy.generate(prompts, common)).toHaveLength(prompts.length);
    await policy.dispose();
  });

  test('the sampler’s log-probabilities are those of the scoring function', async () => {
    await useBackend('onnx');
    const policy = await storiesPolicy();
    const completions = await policy.generate(prompts, { ...options, maxNewTokens: 12, temperature: 0.7 });
    const batch = { prompts, responses: completions.map((each) => each.tokens), temperature: 0.7 };
    const scored = await policy.logProbabilities(batch, null);
    completions.forEach(({ logProbs }, row) => {
      logProbs.forEach((value, at) => expect(value).toBeCloseTo(scored[row]![at]!, 4));
    });
    await policy.dispose();
  });

  test('what prompts begin with in common is computed once and changes nothing', async () => {
    await useBackend('onnx');
    const policy = await storiesPolicy();
    const common = tokens(37, 6);
    const related = [
      [...common, 7],
      [...common, ...tokens(9, 7)],
      [...common.slice(0, 30), ...tokens(5, 8)],
    ];
    const greedy = { ...options, maxNewTokens: 16, temperature: 0 };
    const alone: Completion[] = [];
    for (const prompt of related) alone.push(...(await policy.generate([prompt], greedy)));
    for (let i = 0; i < 2; i += 1) {
      const together = await policy.generate(related, greedy);
      expect(together.map((each) => Array.from(each.tokens))).toEqual(alone.map((each) => Array.from(each.tokens)));
      together.forEach(({ logProbs }, row) => expect(largestDifference(logProbs, alone[row]!.logProbs)).toBeLessThan(1e-4));
    }
    await policy.dispose();
  });

  test('the active adapter generates, a named one where asked, and the base model for null', async () => {
    await useBackend('onnx');
    const policy = await storiesPolicy();
    const greedy = { ...options, maxNewTokens: 12, temperature: 0 };
    const run = async (adapter?: string | null): Promise<string> => {
      const [completion] = await policy.generate([tokens(9, 5)], adapter === undefined ? greedy : { ...greedy, adapter });
      return completion!.tokens.join();
    };
    const base = await run();
    policy.adapters.create('fresh', createRng(1));
    policy.adapters.create('rough', createRng(1));
    const { config, tensors } = policy.adapters.get('rough');
    const rough = [...tensors].map(
      ([path, { a, b }]) => [path, { a, b: { ...b, data: b.data.map((_, i) => 0.4 * Math.sin(i)) } }] as const,
    );
    policy.adapters.set('rough', { config, tensors: new Map(rough) });
    expect(await run()).toBe(base);
    expect(await run('rough')).not.toBe(base);
    policy.adapters.activate('rough');
    expect(await run()).toBe(await run('rough'));
    expect(await run(null)).toBe(base);
    await policy.dispose();
  });

  test('weights as inputs and as constants of the decoding graph decode alike', async () => {
    await useBackend('onnx');
    const completions = [];
    for (const decoderWeights of ['inputs', 'constants'] as const) {
      const policy = await storiesPolicy({ limits: { decoderWeights } });
      completions.push((await policy.generate(prompts, { ...options, maxNewTokens: 20 })).map((each) => each.tokens.join()));
      await policy.dispose();
    }
    expect(completions[1]).toEqual(completions[0]);
  });

  test('prompts and options that cannot be are refused by name', async () => {
    const policy = await storiesPolicy();
    const refuse = (prompt: number[], more: object, code: string): Promise<void> =>
      expect(policy.generate([prompt], { ...options, maxNewTokens: 8, ...more })).rejects.toMatchObject({ code });
    await refuse([], {}, 'POLICY_EMPTY_ROW');
    await refuse([600], {}, 'POLICY_TOKEN_RANGE');
    await refuse(tokens(505, 1), {}, 'POLICY_TOO_LONG');
    await refuse([1], { maxNewTokens: 0 }, 'POLICY_OPTION');
    await refuse([1], { temperature: -1 }, 'POLICY_OPTION');
    await refuse([1], { topP: 0 }, 'POLICY_OPTION');
    await refuse([1], { topK: 1.5 }, 'POLICY_OPTION');
    await refuse([1], { keys: [1, 2] }, 'POLICY_OPTION');
    await refuse([1], { adapter: 'nobody' }, 'ADAPTER_UNKNOWN');
    expect(await policy.generate([], { ...options, maxNewTokens: 8 })).toEqual([]);
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

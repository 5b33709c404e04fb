import type { Completion, SamplingOptions } from '@expctr/language-model';
import { expect, test } from 'vitest';
import { createSharedSampler } from '../src/server/shared-sampler.js';

const options: SamplingOptions = { maxNewTokens: 2, stopTokenIds: [], seed: [1] };

/** A sampler that answers each call when it is told to: each text is its prompt and the length of its key. */
function held() {
  const calls: { readonly texts: number; readonly options: SamplingOptions; answer: () => void }[] = [];
  const generate = (prompts: readonly ArrayLike<number>[], sampling: SamplingOptions): Promise<Completion[]> =>
    new Promise((resolve, reject) => {
      const { signal, keys } = sampling;
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
      const made = prompts.map((prompt, promptIndex): Completion => {
        const tokens = Int32Array.of(prompt[0]!, String(keys![promptIndex]).length);
        return { promptIndex, tokens, logProbs: Float32Array.of(0, 0), finishReason: 'length' };
      });
      calls.push({ texts: prompts.length, options: sampling, answer: () => resolve(made) });
    });
  return { calls, generate };
}
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

test('what waits and is drawn alike is written in one call, the oldest first, and each gets its own', async () => {
  const { calls, generate } = held();
  const sampler = createSharedSampler({ generate, most: 4, room: 100 });
  const first = sampler.generate([[5]], options);
  await turn();
  const warm = sampler.generate([[6]], { ...options, temperature: 0.5 });
  const both = sampler.generate([[7], [8]], { ...options, completionsPerPrompt: 2 });
  const more = sampler.generate([[9]], { ...options, seed: [22] });
  const log: string[] = [];
  const between = sampler.between(() => void log.push('between'));
  const last = sampler.generate([[10]], options).then(() => log.push('last'));
  expect([calls.length, sampler.waiting]).toEqual([1, 8]);
  for (let at = 0; at < 6; at += 1) {
    calls[at]?.answer();
    await turn();
  }
  expect(calls.map(({ texts, options: { temperature } }) => [texts, temperature])).toEqual([[1, undefined], [1, 0.5], [4, undefined], [1, undefined], [1, undefined]]); // prettier-ignore
  const tokens = async (made: Promise<Completion[]>) => (await made).map((each) => [each.promptIndex, each.tokens[0]]);
  expect(await tokens(first)).toEqual([[0, 5]]); // prettier-ignore
  expect(await tokens(warm)).toEqual([[0, 6]]); // prettier-ignore
  expect(await tokens(both)).toEqual([[0, 7], [0, 7], [1, 8], [1, 8]]); // prettier-ignore
  expect(await tokens(more)).toEqual([[0, 9]]); // prettier-ignore
  await between;
  await last;
  expect(log).toEqual(['between', 'last']);
  expect(sampler.waiting).toBe(0);
});

test('too many are refused at once, and what nobody waits for is not written', async () => {
  const { calls, generate } = held();
  const sampler = createSharedSampler({ generate, most: 4, room: 5 });
  const gone = new AbortController();
  const first = sampler.generate([[1]], { ...options, signal: gone.signal });
  await turn();
  const second = sampler.generate([[2], [3], [4]], { ...options, signal: gone.signal });
  const third = sampler.generate([[5]], options);
  await expect(sampler.generate([[6]], options)).rejects.toMatchObject({ code: 'LM_BUSY', status: 429, headers: { 'retry-after': '5' } });
  const settled = Promise.allSettled([first, second]);
  gone.abort(new Error('gone'));
  expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await turn();
  expect(calls.map(({ texts }) => texts)).toEqual([1, 1]);
  calls[1]!.answer();
  expect((await third)[0]!.tokens[0]).toBe(5);
  await turn();
  expect(sampler.waiting).toBe(0);
});

test('an error of a call is that of all who were in it, and the next call goes on', async () => {
  let count = 0;
  const sampler = createSharedSampler({
    generate: (prompts) => {
      count += 1;
      if (count === 1) return Promise.reject(new Error('broken'));
      return Promise.resolve(prompts.map((_, promptIndex) => ({ promptIndex, tokens: Int32Array.of(1), logProbs: Float32Array.of(0), finishReason: 'stop' }))); // prettier-ignore
    },
    most: 4,
    room: 9,
  });
  const made = await Promise.allSettled([sampler.generate([[1]], options), sampler.generate([[2]], options)]);
  expect(made.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await sampler.generate([[3]], options)).toHaveLength(1);
  await expect(sampler.between(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
});

import { describe, expect, test } from 'vitest';
import { adapterFolders, ENGINES } from './engines.js';
import { readDelta, scoresOf, VOCABULARY } from './tiny-model.js';
import { HALF_CHARACTER } from './fake-llama-cpp.js';
import type { Fault, Json } from './fake-server.js';

const adapter = adapterFolders();
const PROMPTS = [[1, 2, 3], [4, 5], [6], [7, 8, 9, 10]]; // prettier-ignore
const asked = { maxNewTokens: 6, stopTokenIds: [3], seed: ['test', 1] as const, completionsPerPrompt: 3 };

describe.each(ENGINES)('$name', (engine) => {
  test('completions are pure samples of the version that was published, with its log-probabilities', async () => {
    const { sampler } = await engine.open(2);
    for (const [version, size] of [
      ['one', 0.8],
      ['two', 1.2],
    ] as const) {
      // prettier-ignore
      const folder = await adapter(version, size);
      await sampler.publish(folder, version);
      const delta = await readDelta(folder);
      for (const temperature of [1, 0.7, 0]) {
        const made = await sampler.generate(PROMPTS, { ...asked, temperature });
        expect(made.map(({ promptIndex }) => promptIndex)).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
        for (const { promptIndex, tokens, logProbs, finishReason, version: by } of made) {
          expect(by).toBe(version);
          expect(finishReason).toBe(tokens.at(-1) === 3 ? 'stop' : 'length');
          expect(finishReason === 'stop' || tokens.length === 6).toBe(true); // also where the model's own end came first
          expect(tokens.slice(0, -1)).not.toContain(3);
          scoresOf(PROMPTS[promptIndex]!, tokens, delta, temperature).forEach((expected, i) => {
            if (engine.name === 'llama-cpp' && tokens[i] === HALF_CHARACTER) expect(logProbs[i]).toBeNaN();
            else if (!Number.isNaN(logProbs[i])) expect(logProbs[i]).toBeCloseTo(expected, 4);
          });
        }
      }
    }
    await sampler.dispose();
  });

  test('the same seeds give the same completions, however prompts are grouped, and null is the base model', async () => {
    const { sampler } = await engine.open(2);
    await sampler.publish(await adapter('one'), 'one');
    const whole = await sampler.generate(PROMPTS, asked);
    const parts = await Promise.all(
      PROMPTS.map((prompt, key) => sampler.generate([prompt], { ...asked, keys: [key] }).then((made) => made.map(({ tokens }) => tokens))),
    );
    expect(parts.flat()).toEqual(whole.map(({ tokens }) => tokens));
    expect(new Set(whole.map(({ tokens }) => tokens.join())).size).toBeGreaterThan(6);

    const [base] = await sampler.generate([[1, 2]], { ...asked, adapter: null });
    expect(base!.version).toBeUndefined();
    scoresOf([1, 2], base!.tokens, null).forEach((expected, i) => {
      if (!Number.isNaN(base!.logProbs[i])) expect(base!.logProbs[i]).toBeCloseTo(expected, 4);
    });
    await sampler.dispose();
  });

  test('min-p goes to the server, and what servers do not do as the policy does is refused by name', async () => {
    const { sampler, servers } = await engine.open(1);
    await sampler.publish(await adapter('one'), 'one');
    const ended: number[] = [];
    const onCompletion = ({ promptIndex }: { readonly promptIndex: number }): unknown => ended.push(promptIndex);
    const neutral = { repetitionPenalty: 1, presencePenalty: 0, frequencyPenalty: 0, stopStrings: [] };
    await sampler.generate([[1], [2]], { ...asked, ...neutral, completionsPerPrompt: 1, minP: 0.25, onCompletion });
    expect(ended.sort()).toEqual([0, 1]);
    expect(JSON.stringify(servers()[0]!.requests.at(-1)!.body)).toMatch(/"min_p":0\.25/u);
    const refused: [name: string, more: object][] = [
      ['repetitionPenalty', { repetitionPenalty: 1.2 }],
      ['presencePenalty', { presencePenalty: 0.1 }],
      ['frequencyPenalty', { frequencyPenalty: -0.1 }],
      ['stopStrings', { stopStrings: ['.'] }],
      ['constraint', { constraint: { choices: ['yes'] } }],
      ['minP', { minP: 2 }],
      ...(engine.name === 'vllm' ? [['minP', { minP: 0.1, topP: 0.9 }] as [string, object]] : []),
    ];
    for (const [name, more] of refused) {
      const error = { code: 'SAMPLER_OPTION', message: expect.stringContaining(name) as string };
      await expect(sampler.generate([[1]], { ...asked, ...more })).rejects.toMatchObject(error);
    }
    await sampler.dispose();
  });

  test('dropped, halved, busy and failing answers cost time, never a completion, and change none', async () => {
    const { sampler, servers } = await engine.open(2);
    await sampler.publish(await adapter('one'), 'one');
    const expected = await sampler.generate(PROMPTS, asked);
    const faults: Fault[] = [
      { kind: 'drop' },
      { kind: 'half' },
      { kind: 'status', status: 429, retryAfter: 0.02 },
      { kind: 'status', status: 503 },
      { kind: 'status', status: 500 },
    ];
    servers().forEach((server) => (server.faults = [...faults]));
    expect(await sampler.generate(PROMPTS, asked)).toEqual(expected);
    expect(servers().every((server) => server.faults.length < faults.length)).toBe(true);
    await sampler.dispose();
  });

  test('a server from which nothing comes is left for another one', async () => {
    const { sampler, servers } = await engine.open(2, { timeoutMs: 500 });
    await sampler.publish(await adapter('one', 0), 'one');
    const expected = await sampler.generate([[1]], asked);
    servers()[0]!.always = { kind: 'slow' };
    expect(await sampler.generate([[1]], asked)).toEqual(expected);
    await sampler.dispose();
  });

  test('a server that dies in the middle costs no row', async () => {
    const { sampler, servers } = await engine.open(2);
    await sampler.publish(await adapter('one'), 'one');
    const expected = await sampler.generate(PROMPTS, asked);
    const again = sampler.generate(PROMPTS, asked);
    await servers()[0]!.kill();
    expect(await again).toEqual(expected);
    await sampler.dispose();
  });

  test('all of them dead is an error that says how to go on', async () => {
    const { sampler, servers } = await engine.open(2, { patienceMs: 20 });
    await sampler.publish(await adapter('one', 0), 'one');
    await sampler.generate([[1]], { ...asked, completionsPerPrompt: 1 });
    await Promise.all(servers().map((server) => server.kill()));
    await expect(sampler.generate(PROMPTS, asked)).rejects.toMatchObject({
      code: 'SAMPLER_UNREACHABLE',
      message: expect.stringMatching(/last checkpoint/u) as string,
    });
    await sampler.dispose();
  });

  test('a server that lies is found out, and not asked again', async () => {
    const { sampler, servers } = await engine.open(1);
    await sampler.publish(await adapter('one'), 'one');
    await sampler.generate([[1]], asked);
    const lies: [change: (answer: Json) => void, what: RegExp][] = [
      [(answer) => engine.ids(answer, (tokens) => tokens.map(() => VOCABULARY)), new RegExp(`token id ${VOCABULARY}`, 'u')],
      [(answer) => engine.ids(answer, (tokens) => tokens.map(() => -1)), /token id -1/u],
      [(answer) => engine.ids(answer, (tokens) => tokens.map(() => 1.5)), /token id 1.5/u],
      [(answer) => engine.ids(answer, (tokens) => [...tokens, ...tokens, ...tokens, ...tokens]), /tokens/u],
      [(answer) => engine.shorten(answer), /tokens/u],
      [(answer) => engine.misread(answer), /prompt/u],
    ];
    for (const [change, what] of lies) {
      servers()[0]!.faults = [{ kind: 'lie', change }];
      const before = servers()[0]!.requests.length;
      const question = { maxNewTokens: 4, stopTokenIds: [], seed: [2] as const };
      const wrong = sampler.generate([[1, 2, 5]], question);
      await expect(wrong).rejects.toMatchObject({ code: 'SAMPLER_ANSWER', message: expect.stringMatching(what) as string });
      expect(servers()[0]!.requests.length - before).toBe(1);
    }
    await sampler.dispose();
  });

  test('a server that answers with the base model is found out, but not where the adapter changes nothing', async () => {
    const { sampler, servers } = await engine.open(1);
    await sampler.publish(await adapter('zero', 0), 'zero');
    expect(await sampler.generate([[1]], asked)).toHaveLength(3);
    await sampler.publish(await adapter('one'), 'one');
    servers()[0]!.baseSilently = true;
    await expect(sampler.generate([[1]], asked)).rejects.toMatchObject({ code: 'SAMPLER_BASE_ANSWERS' });
    await sampler.dispose();
  });

  test('a version is never used twice, and an abort ends the call with its reason', async () => {
    const { sampler, servers } = await engine.open(1);
    const folder = await adapter('one');
    await sampler.publish(folder, 'one');
    await expect(sampler.publish(folder, 'one')).rejects.toMatchObject({ code: 'SAMPLER_VERSION' });
    await expect(sampler.generate([[1]], { ...asked, adapter: 'default' })).rejects.toMatchObject({ code: 'SAMPLER_ADAPTER' });
    await sampler.generate([[1]], asked);
    servers()[0]!.always = { kind: 'slow' };
    const reason = new Error('enough');
    await expect(sampler.generate([[1]], { ...asked, signal: AbortSignal.timeout(20) })).rejects.toThrow();
    const stop = new AbortController();
    const waiting = sampler.generate([[1]], { ...asked, signal: stop.signal });
    stop.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await sampler.dispose();
  });
});

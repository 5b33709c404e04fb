import { createRng } from '@expctr/core';
import type { Completion, SamplingOptions, TokenIds } from '@expctr/language-model';
import { modelAsset } from '@expctr/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPolicy, cutAtStop, FAMILIES, loadCausalLM, streamText, type CausalLM, type TextPiece } from '../../src/index.js';
import { randomCheckpoint, smallConfig } from '../families/random.js';
import { readFixture, useBackend } from '../model/oracle.js';
import { bytes } from '../tokenizer/synthetic.js';

const tokenizer = bytes();
const encode = (text: string): TokenIds => tokenizer.encodeText(text);
const prompts = ['Heat (1995)', 'a', 'Amélie 🎬, 2', 'Heat (19', 'b'].map(encode);
const ask: SamplingOptions = { maxNewTokens: 12, stopTokenIds: [257], seed: ['options'] };
let policy: CausalLM;

function policyOf(samplingWeights: 'float32' | 'int8', sequences: number): CausalLM {
  const config = { ...smallConfig, layers: 1, vocabularySize: 260, maxPositions: 96 };
  const made = createPolicy(randomCheckpoint(FAMILIES.llama, config, 'options'), tokenizer, { samplingWeights, limits: { sequences } });
  made.adapters.create('own', createRng(5));
  return made;
}

beforeAll(async () => {
  await useBackend('onnx');
  policy = policyOf('float32', 8);
});
afterAll(() => policy.dispose());

const idsOf = (completions: readonly Completion[]): number[][] => completions.map(({ tokens }) => [...tokens]);

/** Everything that may come between a model and a token, sampled and greedy. */
const ALL: readonly Partial<SamplingOptions>[] = [
  { temperature: 1, repetitionPenalty: 1.3, frequencyPenalty: 0.2, minP: 0.01, topK: 200, stopStrings: ['e', ' '] },
  { temperature: 0, constraint: { jsonSchema: { type: 'array', items: { type: 'string', maxLength: 3 }, maxItems: 3 } } },
];

test('neighbors, order and waiting for a slot change no text, not even with int8 weights', async () => {
  const [wide, narrow] = [policyOf('int8', 8), policyOf('int8', 1)];
  const keys = prompts.map((_, index) => `key ${index}`);
  const order = [3, 0, 4, 2, 1];
  for (const more of ALL) {
    const options = { ...ask, ...more };
    const together = idsOf(await wide.generate(prompts, { ...options, keys }));
    expect(new Set(together.map(String)).size).toBeGreaterThan(2);
    const inTurn = await narrow.generate(order.map((index) => prompts[index]!), { ...options, keys: order.map((index) => keys[index]!) }); // prettier-ignore
    expect(idsOf(inTurn)).toEqual(order.map((index) => together[index]));
    expect(idsOf(await narrow.generate([prompts[2]!], { ...options, keys: [keys[2]!] }))).toEqual([together[2]]);
  }
  await Promise.all([wide.dispose(), narrow.dispose()]);
});

test('log-probabilities are those of the policy, whatever leads its texts astray', async () => {
  const ways: readonly Partial<SamplingOptions>[] = [ALL[0]!, { constraint: { choices: ['yes', 'no', 'perhaps 🎬'] } }];
  const made = (await Promise.all(ways.map((way) => policy.generate(prompts, { ...ask, ...way })))).flat();
  const batch = { prompts: made.map(({ promptIndex }) => prompts[promptIndex]!), responses: made.map(({ tokens }) => tokens) };
  const scored = await policy.logProbabilities(batch, 'own');
  made.forEach(({ logProbs }, row) => {
    logProbs.forEach((value, at) => {
      expect(value).toBeCloseTo(scored[row]![at]!, 3);
    });
  });
});

test('a stop string ends a completion with the token that completes it, and the other completions go on', async () => {
  const free = await policy.generate(prompts, ask);
  const texts = free.map(({ tokens }) => tokenizer.decodeText(tokens));
  const stopStrings = [/.[^\ufffd](?=.)/u.exec(texts[0]!)![0], /[^\ufffd](?=.)/u.exec(texts[2]!)![0]];
  const stopped = await policy.generate(prompts, { ...ask, stopStrings });
  stopped.forEach(({ tokens, finishReason }, row) => {
    const all = [...free[row]!.tokens];
    const at = all.findIndex((_, last) => stopStrings.some((stop) => tokenizer.decodeText(all.slice(0, last + 1)).includes(stop)));
    expect([...tokens]).toEqual(at < 0 ? all : all.slice(0, at + 1));
    if (at >= 0) expect(finishReason).toBe('stop');
  });
  expect(stopped[0]!.tokens.length).toBeLessThan(free[0]!.tokens.length);
});

describe('streamText', () => {
  const collect = async (options: SamplingOptions): Promise<TextPiece[]> => {
    const pieces: TextPiece[] = [];
    for await (const piece of streamText(policy, prompts, options)) pieces.push(piece);
    return pieces;
  };

  test('the pieces of each completion, joined, are its text, and the last of them says how it ended', async () => {
    const choices = ['日本語 🎬', '🎬🎬', 'é'];
    for (const more of [{ temperature: 1 }, { constraint: { choices } }, { stopStrings: ['e', 'a'] }]) {
      const options = { ...ask, ...more, completionsPerPrompt: 2 };
      const made = await policy.generate(prompts, options);
      const pieces = await collect(options);
      made.forEach(({ promptIndex, tokens, finishReason }, at) => {
        const own = pieces.filter((piece) => piece.promptIndex === promptIndex && piece.completion === at % 2);
        expect(own.map(({ text }) => text).join('')).toBe(cutAtStop(tokenizer.decodeText(tokens), options.stopStrings));
        expect(own.map((piece) => piece.finishReason)).toEqual([...own.slice(1).map(() => null), finishReason]);
        if (more.constraint !== undefined)
          expect(own.map(({ text }) => text).filter((text) => /\p{Surrogate}|\ufffd/u.test(text))).toEqual([]);
      });
    }
  });

  test('leaving the loop ends the generation, an abort ends the loop, and an error comes out of it', async () => {
    let drawn = 0;
    const options = { ...ask, maxNewTokens: 60, stopTokenIds: [], onToken: () => (drawn += 1) };
    for await (const { text } of streamText(policy, prompts, options)) if (text !== '') break;
    const before = drawn;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(drawn).toBe(before);
    expect(drawn).toBeLessThan(100);
    const reason = new Error('enough');
    const abort = new AbortController();
    const reading = (async () => {
      for await (const piece of streamText(policy, prompts, { ...options, signal: abort.signal }))
        if (piece.text !== '') abort.abort(reason);
    })();
    await expect(reading).rejects.toBe(reason);
    const wrong = streamText(policy, prompts, { ...ask, maxNewTokens: 0 });
    await expect(wrong.next()).rejects.toMatchObject({ code: 'POLICY_OPTION' });
  });

  test('a sampler that tells of no token gives each text in one piece', async () => {
    const source = { tokenizer, generate: (given: readonly TokenIds[], { onToken: _, onCompletion: __, ...rest }: SamplingOptions) => policy.generate(given, rest) }; // prettier-ignore
    const pieces: TextPiece[] = [];
    for await (const piece of streamText(source, prompts, ask)) pieces.push(piece);
    const made = await policy.generate(prompts, ask);
    expect(pieces.map(({ text }) => text)).toEqual(made.map(({ tokens }) => tokenizer.decodeText(tokens)));
    expect(pieces.map(({ finishReason }) => finishReason)).toEqual(made.map(({ finishReason }) => finishReason));
  });
});

test('texts need a tokenizer, and a rule of one’s own over tokens needs none', async () => {
  const bare = createPolicy(randomCheckpoint(FAMILIES.llama, { ...smallConfig, vocabularySize: 20 }, 'bare'));
  for (const more of [{ stopStrings: ['a'] }, { constraint: { choices: ['a'] } }]) {
    await expect(bare.generate([[1]], { ...ask, ...more })).rejects.toMatchObject({ code: 'POLICY_NO_TOKENIZER' });
  }
  const own = { start: 0, next: () => ({ tokens: [5, 6], mayEnd: false }), after: () => 0 };
  expect(await bare.generate([], { ...ask, constraint: own })).toEqual([]);
  await bare.dispose();
  const [made] = await policy.generate(prompts.slice(0, 1), { ...ask, constraint: own });
  expect(made!.tokens.every((token) => token === 5 || token === 6)).toBe(true);
});

const stories = modelAsset('stories260K');
test.skipIf(stories.missing)('greedy texts with penalties and stop strings are those of transformers (stories260K)', async () => {
  interface Greedy {
    readonly prompt: readonly number[];
    readonly repetitionPenalty: number;
    readonly stopStrings: readonly string[];
    readonly tokens: readonly number[];
  }
  const { greedy } = readFixture<{ greedy: readonly Greedy[] }>('generation.json');
  const model = await loadCausalLM(stories.path);
  for (const repetitionPenalty of new Set(greedy.map((each) => each.repetitionPenalty))) {
    const alike = greedy.filter((each) => each.repetitionPenalty === repetitionPenalty);
    const { stopStrings } = alike[0]!;
    const options = { ...ask, repetitionPenalty, stopStrings, stopTokenIds: [], temperature: 0, maxNewTokens: 48 };
    const made = await model.generate(alike.map(({ prompt }) => prompt), options); // prettier-ignore
    expect(idsOf(made)).toEqual(alike.map(({ tokens }) => tokens));
  }
  await model.dispose();
});

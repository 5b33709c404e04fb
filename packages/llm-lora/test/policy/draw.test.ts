import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import type { SamplingOptions, TokenConstraint, Tokenizer } from '@expctr/language-model';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Draw } from '../../src/policy/draw.js';
import { only, softmax } from '../../src/policy/logits.js';
import { penaltiesOf, SeenTokens } from '../../src/policy/penalties.js';
import { keptTokens } from '../../src/policy/sampling.js';
import { checkSampling } from '../../src/policy/sampling-options.js';
import { cutAtStop, StopStrings } from '../../src/policy/stop-strings.js';
import { inverseTemperatureOf } from '../../src/policy/temperature.js';

interface Case {
  readonly options: Partial<SamplingOptions> & { readonly allowed?: readonly number[] };
  readonly logits: readonly number[];
  readonly prompt: readonly number[];
  readonly response: readonly number[];
  readonly p: readonly number[];
}

const base: SamplingOptions = { maxNewTokens: 5, stopTokenIds: [], seed: [1] };
const allow = (tokens: readonly number[]): TokenConstraint => ({ start: 0, next: () => ({ tokens, mayEnd: false }), after: () => 0 });
/** tools/oracles/llm-lora_generation.py */
const fixture = readFileSync(join(import.meta.dirname, '../fixtures/model/generation.json'), 'utf8');
const { processors } = JSON.parse(fixture) as { processors: readonly Case[] };

/** The distribution that a token is drawn from, put together as a draw does it. */
function distribution({ options: { allowed, ...options }, logits, prompt, response }: Case): Float32Array {
  const penalties = penaltiesOf({ ...base, ...options });
  const seen = penalties === null ? null : new SeenTokens(prompt, penalties);
  for (const token of response) seen?.add(token);
  const given = Float32Array.from(logits);
  const penalized = seen?.penalized(given) ?? given;
  const p = softmax(allowed === undefined ? penalized : only(penalized, allowed), inverseTemperatureOf(options.temperature ?? 1)[0]!);
  const kept = keptTokens(p, { greedy: false, ...options });
  const left = kept === null ? p : only(p, kept).map((value) => Math.max(0, value));
  const total = left.reduce((sum, value) => sum + value, 0);
  return left.map((value) => value / total);
}

describe('the distribution is that of transformers’ processors', () => {
  test.each(processors.map((each) => [each.options, each] as const))('%j', (_, given) => {
    const ours = distribution(given);
    given.p.forEach((expected, token) => {
      expect(ours[token]).toBeCloseTo(expected, 6);
      expect(ours[token] === 0).toBe(expected === 0);
    });
  });

  test('and a draw follows it, with the log-probabilities of the model itself', () => {
    const given = processors[9]!; // all of them together
    const { options, logits, prompt, response } = given;
    const expected = distribution(given);
    const counts = new Map<number, number>();
    const rounds = 1000;
    const plain = softmax(Float32Array.from(logits), inverseTemperatureOf(options.temperature!)[0]!);
    const sampling = { ...base, ...options, maxNewTokens: response.length + 1 };
    for (let round = 0; round < rounds; round += 1) {
      const first = allowEach(response);
      const draw = new Draw(
        { sampling, penalties: penaltiesOf(sampling), constraint: first, tokenizer: null },
        prompt,
        0,
        createRng([round]),
      );
      while (draw.finishReason === null) draw.take(Float32Array.from(logits), 'logits');
      const token = draw.tokens.at(-1)!;
      counts.set(token, (counts.get(token) ?? 0) + 1);
      if (round < 5) expect(draw.logProbs.at(-1)).toBeCloseTo(Math.log(plain[token]!), 5);
    }
    for (const [token, count] of counts) {
      const p = expected[token]!;
      expect(Math.abs(count / rounds - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / rounds) + 1e-9);
    }
  });
});

/** Makes a response begin with given tokens. */
const allowEach = (tokens: readonly number[]): TokenConstraint<number> & TokenConstraint => ({
  start: 0,
  next: (at) => ({
    tokens: (at as number) < tokens.length ? [tokens[at as number]!] : Array.from({ length: 40 }, (_, token) => token),
    mayEnd: false,
  }),
  after: (at) => (at as number) + 1,
});

test('presence and frequency penalties are about the response alone', () => {
  const seen = new SeenTokens([0, 1], { repetition: 1, presence: 0.5, frequency: 0.25 });
  for (const token of [1, 2, 2]) seen.add(token);
  expect([...seen.penalized(Float32Array.of(1, 1, -1, 3))]).toEqual([1, 0.25, -2, 3]);
});

test('greedy texts know penalties and what is allowed, and no top-k, top-p or min-p', () => {
  const first = (more: Partial<SamplingOptions>, constraint: TokenConstraint | null = null): number => {
    const sampling = { ...base, temperature: 0, minP: 1, topK: 1, ...more };
    const draw = new Draw({ sampling, penalties: penaltiesOf(sampling), constraint, tokenizer: null }, [3], 0, createRng([1]));
    return draw.take(Float32Array.of(1, 2, 0, 2.5, -7), 'logits');
  };
  expect(first({ repetitionPenalty: 1.01 })).toBe(3);
  expect(first({ repetitionPenalty: 2 })).toBe(1);
  expect(first({}, allow([0, 4]))).toBe(0);
  expect(first({}, allow([4]))).toBe(4);
});

test('a token that is allowed is drawn however improbable it is, and what is not finite is refused', () => {
  const draw = (values: readonly number[], temperature: number, constraint: TokenConstraint): number => {
    const sampling = { ...base, temperature };
    return new Draw({ sampling, penalties: null, constraint, tokenizer: null }, [0], 0, createRng([1])).take(
      Float32Array.from(values),
      'logits',
    );
  };
  expect(draw([500, -500, -501], 0.01, allow([1, 2]))).toBe(1);
  expect(draw([500, -500, -501], 1, allow([2]))).toBe(2);
  for (const values of [
    [1, NaN, 2],
    [1, Infinity, 2],
    [1, 2, -Infinity],
  ]) {
    for (const temperature of [0, 1]) {
      expect(() => draw(values, temperature, allow([2]))).toThrow(expect.objectContaining({ code: 'POLICY_NOT_FINITE' }) as Error);
    }
  }
});

describe('stop strings', () => {
  const utf8 = new TextEncoder();
  const pieces = fc.array(fc.constantFrom('a', 'b', 'ab', 'é', '🎬', '日', ' '), { minLength: 1, maxLength: 14 });
  const cuts = fc.array(fc.nat(3), { maxLength: 40 });

  test('end a text with the first token that completes one, wherever tokens cut characters', () => {
    fc.assert(
      fc.property(
        pieces,
        cuts,
        fc.uniqueArray(fc.constantFrom('ab', 'é🎬', 'b', '日', ' a', 'aba'), { minLength: 1, maxLength: 3 }),
        (text, sizes, stops) => {
          const bytes = utf8.encode(text.join(''));
          const tokens: Uint8Array[] = [];
          for (let at = 0, i = 0; at < bytes.length; i += 1) tokens.push(bytes.subarray(at, (at += 1 + (sizes[i] ?? 0))));
          const expected = tokens.findIndex((_, last) => {
            const read = new TextDecoder().decode(Uint8Array.from(tokens.slice(0, last + 1).flatMap((each) => [...each])));
            return stops.some((stop) => read.includes(stop));
          });
          const sampling = { ...base, stopStrings: stops, maxNewTokens: 100 };
          const tokenizer = { tokenBytes: (id: number) => tokens[id] ?? new Uint8Array(0) } as Partial<Tokenizer> as Tokenizer;
          const draw = new Draw({ sampling, penalties: null, constraint: null, tokenizer }, [0], 0, createRng([1]));
          for (let at = 0; at < tokens.length && draw.finishReason === null; at += 1) draw.take(oneHot(at, tokens.length), 'probabilities');
          expect(draw.finishReason).toBe(expected < 0 ? null : 'stop');
          if (expected >= 0) expect(draw.tokens).toHaveLength(expected + 1);
        },
      ),
      { numRuns: 150, seed: 8 },
    );
  });

  test('are found across special tokens, which have no text, and the text before them is what is kept', () => {
    const stops = new StopStrings(['ab']);
    expect(['xa', '', 'bc'].map((piece) => stops.add(piece))).toEqual([false, false, true]);
    expect([cutAtStop('xabc', ['ab', 'bc']), cutAtStop('xabc', ['abd']), cutAtStop('xabc')]).toEqual(['x', 'xabc', 'xabc']);
  });
});

const oneHot = (at: number, size: number): Float32Array => Float32Array.from({ length: size }, (_, token) => (token === at ? 1 : 0));

describe('options that cannot be are refused by name', () => {
  test.each<[string, object]>([
    ['minP', { minP: -0.1 }],
    ['minP', { minP: 1.1 }],
    ['minP', { minP: NaN }],
    ['repetitionPenalty', { repetitionPenalty: 0 }],
    ['repetitionPenalty', { repetitionPenalty: Infinity }],
    ['presencePenalty', { presencePenalty: NaN }],
    ['frequencyPenalty', { frequencyPenalty: Infinity }],
    ['stopStrings', { stopStrings: [''] }],
    ['stopStrings', { stopStrings: ['\ud83c'] }],
    ['stopStrings', { stopStrings: 'a' }],
    ['choices', { constraint: { choices: [] } }],
    ['choices', { constraint: { choices: ['a', ''] } }],
    ['constraint', { constraint: {} }],
    ['constraint', { constraint: 'json' }],
    ['constraint', { constraint: { choices: ['a'], jsonSchema: {} } }],
    ['stopStrings', { constraint: { choices: ['a'] }, stopStrings: ['b'] }],
  ])('%s: %j', (name, more) => {
    const error = expect.objectContaining({ code: 'POLICY_OPTION', message: expect.stringContaining(name) as string }) as Error;
    expect(() => {
      checkSampling({ ...base, ...more }, 1);
    }).toThrow(error);
  });
});

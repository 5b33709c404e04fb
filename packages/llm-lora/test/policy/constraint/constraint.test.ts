import type { SamplingOptions, TokenConstraint } from '@expctr/language-model';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Constraints } from '../../../src/policy/constraint/constraints.js';
import { constraints, STOP, tokenizer, written } from './vocabulary.js';

const ask: SamplingOptions = { maxNewTokens: 60, stopTokenIds: [STOP], seed: [1] };

describe('choices', () => {
  test('a completion is one of the texts, whatever the model wants and characters its tokens cut', () => {
    const texts = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(texts, fc.nat(1000), (choices, seed) => {
        const { text, draw } = written({ choices }, seed);
        expect(choices).toContain(text);
        expect(draw.finishReason).toBe('stop');
      }),
      { numRuns: 40, seed: 7 },
    );
  });

  test('each can be chosen, one that begins another by a stop token, and the last tokens say what ended it', () => {
    const choices = ['yes', 'yes, ', '🎬', '日本語', ' no'];
    const stopTokenIds = [STOP, 1e6]; // the second one is another model's
    const made = Array.from({ length: 120 }, (_, seed) => written({ choices }, seed, { stopTokenIds }));
    expect(new Set(made.map(({ text }) => text))).toEqual(new Set(choices));
    for (const { text, draw } of made) expect(draw.tokens.at(-1) === STOP).toBe(text === 'yes');
  });

  test('greedily it is the text whose tokens are the most probable ones among those that may come', () => {
    const { text } = written({ choices: ['yes', 'no'] }, 3, { temperature: 0 });
    expect(['yes', 'no']).toContain(text);
    expect(new Set(Array.from({ length: 20 }, (_, seed) => written({ choices: ['yes', 'no'] }, seed, { temperature: 0 }).text)).size).toBe(
      2,
    );
  });

  test('what cannot be written, or not in so many tokens, is refused', () => {
    const refusal = (what: RegExp): Error =>
      expect.objectContaining({ code: 'POLICY_CONSTRAINT', message: expect.stringMatching(what) as string }) as Error;
    expect(() => constraints.of({ choices: ['abcdef'] }, { ...ask, maxNewTokens: 5 })).toThrow(refusal(/6 tokens/));
    expect(constraints.of({ choices: ['abcdef', 'aaaab'] }, { ...ask, maxNewTokens: 2 })).toBeDefined();
    const letters = { ...tokenizer, tokenBytes: (id: number) => (id < 128 ? tokenizer.tokenBytes(id) : new Uint8Array(0)) };
    expect(() => new Constraints(() => letters, STOP).of({ choices: ['é'] }, ask)).toThrow(refusal(/no tokens/));
  });

  test('a stop token that has a text is no part of one', () => {
    const line = 'a'.charCodeAt(0);
    expect(() => constraints.of({ choices: ['ba'] }, { ...ask, stopTokenIds: [line] })).toThrow(
      expect.objectContaining({ code: 'POLICY_CONSTRAINT' }) as Error,
    );
  });
});

test('what may come at a place is found once, and again for the same constraint', () => {
  const jsonSchema = { type: 'array', items: { type: 'string', maxLength: 5 } };
  const rule = constraints.of({ jsonSchema }, ask);
  expect(constraints.of({ jsonSchema: structuredClone(jsonSchema) }, ask)).toBe(rule);
  const inString = ['[', '"'].reduce((state, letter) => rule.after(state, letter.charCodeAt(0)), rule.start);
  const further = rule.after(inString, 'x'.charCodeAt(0));
  const full = [...'xxxx'].reduce((state, letter) => rule.after(state, letter.charCodeAt(0)), further);
  expect(rule.next(rule.start, 60).tokens).toBe(rule.next(rule.start, 50).tokens);
  const sizes = [inString, further, full].map((state) => rule.next(state, 60).tokens.length);
  expect(sizes[2]).toBeLessThan(10); // the quote, and what begins with it
  expect(sizes[0]).toBeGreaterThan(100);
});

describe('a rule of one’s own', () => {
  /** Even and odd ids in turn, up to six tokens. */
  const turns: TokenConstraint<number> = {
    start: 0,
    next: (count) => ({ tokens: count < 6 ? Array.from({ length: 20 }, (_, i) => 40 + 2 * i + (count % 2)) : [], mayEnd: count >= 2 }),
    after: (count) => count + 1,
  };

  test('is followed, and ends the completion where nothing may come', () => {
    const ends = new Set<number>();
    for (let seed = 0; seed < 30; seed += 1) {
      const { draw } = written({ ...turns }, seed, {});
      const own = draw.tokens.filter((token) => token !== STOP);
      own.forEach((token, at) => expect(token % 2).toBe(at % 2));
      expect(draw.finishReason).toBe('stop');
      ends.add(own.length);
    }
    expect(Math.max(...ends)).toBe(6);
    expect(Math.min(...ends)).toBeGreaterThanOrEqual(2);
  });

  test.each<[string, Partial<TokenConstraint<number>>, RegExp]>([
    ['allows nothing', { next: () => ({ tokens: [], mayEnd: false }) }, /no token/],
    ['allows nothing but an empty text', { next: () => ({ tokens: [], mayEnd: true }) }, /no token/],
    ['allows what is no token', { next: () => ({ tokens: [5, 1e6], mayEnd: false }) }, /1000000/],
    ['allows a fraction', { next: () => ({ tokens: [1.5], mayEnd: false }) }, /1\.5/],
  ])('is an error where it %s', (_, change, what) => {
    const error = expect.objectContaining({ code: 'POLICY_CONSTRAINT', message: expect.stringMatching(what) as string }) as Error;
    expect(() => written({ ...turns, ...change }, 1)).toThrow(error);
  });
});

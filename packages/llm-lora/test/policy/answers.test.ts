import { createRng } from '@expctr/core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { planAnswers } from '../../src/policy/answer-plan.js';
import type { CausalLM } from '../../src/policy/causal-lm.js';
import { useBackend } from '../model/oracle.js';
import { stories, storiesPolicy, tokens } from './stories.js';

describe.skipIf(stories.missing)('scoreAnswers on stories260K', () => {
  const examples = tokens(43, 1);
  const prompts = [
    [...examples, ...tokens(12, 2)],
    [...examples, ...tokens(5, 3)],
    [...examples, ...tokens(12, 2)],
    [...examples, 17],
  ];
  const yes = [411, 50, 9];
  const no = [411, 50, 302, 7, 7];
  const maybe = [411];
  let policy: CausalLM;
  beforeAll(async () => {
    await useBackend('onnx');
    policy = await storiesPolicy();
  });

  test.each([
    ['answers of several tokens', [yes, no]],
    ['an answer that begins another', [maybe, no, yes]],
    ['answers of one token', [[12], [13]]],
  ])('it is the sum of the log-probabilities of the answer’s tokens: %s', async (_, options) => {
    const answers = prompts.map(() => options);
    const scores = await policy.scoreAnswers(prompts, answers);
    for (const [row, prompt] of prompts.entries()) {
      const rows = await policy.logProbabilities({ prompts: options.map(() => prompt), responses: options }, null);
      rows.forEach((logProbs, index) => {
        expect(scores[row]![index]).toBeCloseTo(
          logProbs.reduce((sum, value) => sum + value, 0),
          3,
        );
      });
    }
  });

  test('the shared beginning and the composition of the batch change nothing', async () => {
    const answers = prompts.map(() => [yes, no]);
    const together = await policy.scoreAnswers(prompts, answers);
    const small = await storiesPolicy({ limits: { readTokens: 16 } });
    const chunked = await small.scoreAnswers(prompts, answers);
    for (const [row, prompt] of prompts.entries()) {
      const [alone] = await small.scoreAnswers([prompt], [[yes, no]]); // no other prompt, so no shared beginning is looked for
      alone!.forEach((value, index) => {
        expect(together[row]![index]).toBeCloseTo(value, 4);
        expect(chunked[row]![index]).toBeCloseTo(value, 4);
      });
    }
    await small.dispose();
  });

  test('it reads with the base model unless an adapter is named', async () => {
    policy.adapters.create('a', createRng(1));
    const { config, tensors } = policy.adapters.get('a');
    const rough = [...tensors].map(([path, { a, b }]) => [path, { a, b: { ...b, data: b.data.fill(0.05) } }] as const);
    const before = await policy.scoreAnswers(
      prompts,
      prompts.map(() => [yes]),
    );
    policy.adapters.set('a', { config, tensors: new Map(rough) });
    expect(
      await policy.scoreAnswers(
        prompts,
        prompts.map(() => [yes]),
      ),
    ).toEqual(before);
    const adapted = await policy.scoreAnswers(
      prompts,
      prompts.map(() => [yes]),
      { adapter: 'a' },
    );
    expect(Math.abs(adapted[0]![0]! - before[0]![0]!)).toBeGreaterThan(0.01);
  });
});

test('single-token answers feed the last prompt token once, and equal prompts are read once', () => {
  const prompt = [5, 6, 7, 8];
  const [part] = planAnswers(
    [prompt, prompt, [9, 9]],
    [
      [[1], [2]],
      [[1], [2]],
      [[1], [2]],
    ],
    0,
    64,
  );
  expect(Array.from(part!.packed.segments)).toEqual([0, 0, 0, 1, ...new Array<number>(4).fill(-1), 0, 1, ...new Array<number>(6).fill(-1)]);
  expect(part!.asked.map(({ row, answer }) => [row, answer])).toEqual([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
    [2, 0],
    [2, 1],
  ]);
  expect(Array.from(part!.places.slice(0, 4))).toEqual([3, 3, 9, 9]);
});

test('every answer of every prompt is read at the places of its own tokens, however prompts and answers repeat', () => {
  const text = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, fc.array(text, { minLength: 1, maxLength: 3 })), { minLength: 1, maxLength: 6 }), (rows) => {
      const parts = planAnswers(
        rows.map(([prompt]) => prompt),
        rows.map(([, answers]) => answers),
        0,
        40,
      );
      const seen = new Set<string>();
      for (const { packed, places, targets, asked, time } of parts) {
        for (const { row, answer, first, last } of asked) {
          seen.add(`${row}.${answer}`);
          const [prompt, answers] = rows[row]!;
          const tokensOfAnswer = answers[answer]!;
          expect(Array.from(targets.slice(first, last))).toEqual(tokensOfAnswer);
          tokensOfAnswer.forEach((_, at) => {
            // the text that a place sees, in order of position, is the prompt and the answer before this token
            const place = places[first + at]!;
            const start = place - (place % time);
            const visible = [];
            for (let other = start; other <= place; other += 1) {
              const segment = packed.segments[other]!;
              if (segment === 0 || segment === packed.segments[place]) visible[packed.positions[other]!] = packed.tokens[other]!;
            }
            expect(visible).toEqual([...prompt, ...tokensOfAnswer.slice(0, at)]);
          });
        }
      }
      expect(seen.size).toBe(rows.reduce((sum, [, answers]) => sum + answers.length, 0));
    }),
  );
});

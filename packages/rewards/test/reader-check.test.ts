import { createRng } from '@expctr/core';
import { defaultLcTemplate } from '@expctr/data';
import { describe, expect, test } from 'vitest';
import { createReader, readerStatements, requireReader, runReaderCheck, type Reader, type ScoreAnswers } from '../src/index.js';

type ReadOnly = Pick<Reader, 'read'>;
const { reasons, verdicts } = readerStatements();
const favor = new Map([...reasons, ...verdicts].flatMap(({ inFavor, against }) => [[inFavor, 1] as const, [against, 0] as const]));
const isVerdict = new Set(verdicts.flatMap(({ inFavor, against }) => [inFavor, against]));

/** Knows the right answer and blurs it: p = share of it, the rest noise. */
function reader(share: number, options: { verdictsOnly?: boolean } = {}): ReadOnly {
  return {
    read: (rows) =>
      Promise.resolve(
        Float64Array.from(rows.read, (text) => {
          const knows = options.verdictsOnly === true ? isVerdict.has(text) : true;
          const weight = knows ? share : 0;
          return weight * (favor.get(text) ?? 0.5) + (1 - weight) * createRng(text).next();
        }),
      ),
  };
}

const check = (readers: Record<string, ReadOnly | { unavailable: string }>, options: { threshold?: number; stripVerdict?: boolean } = {}) =>
  runReaderCheck({
    forms: Object.keys(readers),
    readerFor: (form) => Promise.resolve(readers[form] ?? { unavailable: 'unknown' }),
    rng: createRng(1),
    resamples: 200,
    ...options,
  });

test('a reader that reads passes with AUC 1, one that answers at random does not, and the better form is chosen', async () => {
  const result = await check({ random: reader(0), blurred: reader(0.3), good: reader(0.9) });
  expect(result).toMatchObject({ chosen: 'good', passed: true, threshold: 0.7, skipped: [] });
  const [random, blurred, good] = result.forms;
  expect(good?.aucGate).toBe(1);
  expect(good?.aucReasonsInterval).toEqual([1, 1]);
  expect(random?.aucReasons).toBeGreaterThan(0.35);
  expect(random?.aucReasons).toBeLessThan(0.65);
  expect(blurred?.aucReasons).toBeGreaterThan(random?.aucReasons ?? 1);
});

test('the gate stands on at least 200 statements that did not choose the form', async () => {
  const chosenOn = new Set<string>();
  const result = await check({ a: reader(0.5) });
  expect(result.forms[0]?.statements).toBeGreaterThanOrEqual(200);
  // A reader right only on the first half as split by this seed: chosen for it, and stopped by the other half.
  const shuffled = createRng(1)
    .fork('reasons')
    .shuffle([...reasons]);
  for (const { inFavor, against } of shuffled.slice(0, reasons.length / 2)) chosenOn.add(inFavor).add(against);
  const overfitted: ReadOnly = {
    read: (rows) => Promise.resolve(Float64Array.from(rows.read, (text) => (chosenOn.has(text) ? (favor.get(text) ?? 0.5) : 0.5))),
  };
  const judged = await check({ overfitted, blurred: reader(0.2) });
  expect(judged.chosen).toBe('overfitted');
  expect(judged.forms[0]).toMatchObject({ aucSelection: 1, aucGate: 0.5 });
  expect(judged.passed).toBe(false);
});

test('a reader that turns the answers around is below one half, not above', async () => {
  const backwards: ReadOnly = { read: async (rows) => (await reader(0.9).read(rows)).map((p) => 1 - p) };
  const result = await check({ backwards });
  expect(result.forms[0]?.aucReasons).toBe(0);
  expect(result.passed).toBe(false);
});

test('one that reads verdicts alone does not pass where verdicts are removed, and both figures stand apart', async () => {
  const result = await check({ form: reader(0.9, { verdictsOnly: true }) });
  expect(result.passed).toBe(false);
  expect(result.forms[0]?.aucVerdict).toBe(1);
  expect(result.forms[0]?.aucReasons).toBeLessThan(0.65);
});

test('where verdicts are not removed, the gate is on both sorts together', async () => {
  const verdictReader = reader(0.9, { verdictsOnly: true });
  const apart = await check({ form: verdictReader });
  const together = await check({ form: verdictReader }, { stripVerdict: false });
  expect(together.forms[0]?.aucGate).toBeGreaterThan(apart.forms[0]?.aucGate ?? 1);
});

test('intervals hold their point and are narrower for a better reader', async () => {
  const result = await check({ blurred: reader(0.2), better: reader(0.45) });
  const width = (interval: readonly [number, number] | undefined): number => (interval?.[1] ?? 0) - (interval?.[0] ?? 0);
  for (const { aucReasons, aucReasonsInterval, aucVerdict, aucVerdictInterval } of result.forms) {
    expect(aucReasonsInterval[0]).toBeLessThanOrEqual(aucReasons);
    expect(aucReasonsInterval[1]).toBeGreaterThanOrEqual(aucReasons);
    expect(aucVerdictInterval[0]).toBeLessThanOrEqual(aucVerdict);
    expect(aucVerdictInterval[1]).toBeGreaterThanOrEqual(aucVerdict);
  }
  expect(width(result.forms[1]?.aucReasonsInterval)).toBeLessThan(width(result.forms[0]?.aucReasonsInterval));
});

test('the same seed gives the same result, another one another split', async () => {
  const run = (seed: number) =>
    runReaderCheck({ forms: ['a'], readerFor: () => Promise.resolve(reader(0.2)), rng: createRng(seed), resamples: 50 });
  expect(await run(1)).toEqual(await run(1));
  expect((await run(1)).forms[0]?.aucGate).not.toBe((await run(2)).forms[0]?.aucGate);
});

test('a template that repeats the history is checked with an empty one', async () => {
  const template = { ...defaultLcTemplate, withHistory: true };
  const scoreAnswers: ScoreAnswers = (prompts) => Promise.resolve(prompts.map(() => ({ yes: -1, no: -1 })));
  const withHistory = await createReader({ template, form: 'few-shot', scoreAnswers });
  expect((await check({ withHistory })).forms[0]?.aucReasons).toBe(0.5);
});

describe('forms that the model cannot express', () => {
  test('are skipped and listed with the reason', async () => {
    const result = await check({ chat: { unavailable: 'the tokenizer has no chat template' }, 'few-shot': reader(0.9) });
    expect(result.skipped).toEqual([{ form: 'chat', reason: 'the tokenizer has no chat template' }]);
    expect(result.forms.map(({ form }) => form)).toEqual(['few-shot']);
  });

  test('if there is no other, the error says why and what to do', async () => {
    const run = check({ chat: { unavailable: 'the tokenizer has no chat template' } });
    await expect(run).rejects.toThrow(
      expect.objectContaining({ code: 'READER_NO_FORM', where: 'chat: the tokenizer has no chat template' }),
    );
  });
});

test('requireReader names the option that lets a run go on, and is silent where the reader reads', async () => {
  requireReader(await check({ good: reader(0.9) }));
  const failed = await check({ random: reader(0) });
  expect(() => requireReader(failed)).toThrow(expect.objectContaining({ code: 'READER_CANNOT_READ' }));
  expect(() => requireReader(failed)).toThrow(/reader\.onFail=warn/);
});

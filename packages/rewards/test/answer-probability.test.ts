import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answerProbability, contentFreeBias } from '../src/index.js';
import { fixture } from './fixture.js';

const logProbability = fc.double({ min: -2000, max: 0, noNaN: true });

test('equals the quotient of probabilities and contextual calibration as scipy computes them', () => {
  const { yes, no, contentFree, probability, bias, calibrated } = fixture.answers;
  expect(contentFreeBias(contentFree)).toBeCloseTo(bias, 12);
  yes.forEach((logYes, at) => {
    expect(answerProbability(logYes, no[at] ?? 0)).toBeCloseTo(probability[at] ?? 0, 12);
    expect(answerProbability(logYes, no[at] ?? 0, bias)).toBeCloseTo(calibrated[at] ?? 0, 12);
  });
});

test('is a probability, rises with yes, and turns around when the answers change places', () => {
  fc.assert(
    fc.property(logProbability, logProbability, (yes, no) => {
      const p = answerProbability(yes, no);
      expect(p).toBeGreaterThanOrEqual(0);
      expect(p).toBeLessThanOrEqual(1);
      expect(p + answerProbability(no, yes)).toBeCloseTo(1, 12);
      if (yes - no > 1e-9) expect(p).toBeGreaterThan(0.5);
    }),
  );
});

test('does not underflow where both answers have many tokens', () => {
  expect(answerProbability(-1500, -1501)).toBeCloseTo(1 / (1 + Math.exp(-1)), 12);
  expect(answerProbability(-Infinity, -3)).toBe(0);
});

test('calibration turns a content-free input into one half', () => {
  fc.assert(
    fc.property(logProbability, logProbability, (yes, no) => {
      expect(answerProbability(yes, no, contentFreeBias([{ yes, no }]))).toBe(0.5);
    }),
  );
});

test('refuses answers that have no probability and calibration without inputs', () => {
  expect(() => answerProbability(-Infinity, -Infinity)).toThrow(expect.objectContaining({ code: 'READER_NO_ANSWER' }));
  expect(() => answerProbability(Number.NaN, -1)).toThrow(expect.objectContaining({ code: 'READER_NO_ANSWER' }));
  expect(() => contentFreeBias([])).toThrow(expect.objectContaining({ code: 'REWARD_OPTION' }));
});

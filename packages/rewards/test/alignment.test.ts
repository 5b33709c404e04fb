import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alignment, alignmentBounds, alignmentForms, bestConstant, logClip } from '../src/index.js';
import { fixture } from './fixture.js';

const probability = fc.double({ min: 0, max: 1, noNaN: true });
const columns = fc.array(fc.tuple(probability, fc.constantFrom(0, 1)), { minLength: 1, maxLength: 40 });
const one = (form: (typeof alignmentForms)[number], p: number, y: number): number => alignment(form, [p], [y])[0] ?? Number.NaN;

test('brier is the default, so it stands first', () => {
  expect(alignmentForms).toEqual(['brier', 'log', 'linear']);
});

describe.each(alignmentForms)('%s', (form) => {
  const { minimum, maximum } = alignmentBounds(form);

  test('stays within its bounds and reaches both', () => {
    fc.assert(
      fc.property(probability, probability, (p, y) => {
        const reward = one(form, p, y);
        expect(reward).toBeGreaterThanOrEqual(minimum);
        expect(reward).toBeLessThanOrEqual(maximum);
      }),
    );
    expect(one(form, 0, 1)).toBeCloseTo(minimum, 12);
    expect(one(form, 1, 1)).toBeCloseTo(maximum, 12);
    expect(one(form, 1, 0)).toBeCloseTo(minimum, 12);
    expect(one(form, 0, 0)).toBeCloseTo(maximum, 12);
  });

  test('rises when p moves towards the label and falls when it moves away', () => {
    const inside = fc.double({ min: logClip + 0.001, max: 1 - logClip - 0.001, noNaN: true });
    fc.assert(
      fc.property(inside, inside, fc.constantFrom(0, 1), (a, b, y) => {
        fc.pre(Math.abs(a - b) > 1e-6);
        const [near, far] = Math.abs(a - y) < Math.abs(b - y) ? [a, b] : [b, a];
        expect(one(form, near, y)).toBeGreaterThan(one(form, far, y));
      }),
    );
  });

  test('treats both classes alike', () => {
    fc.assert(
      fc.property(probability, (p) => {
        expect(one(form, p, 1)).toBeCloseTo(one(form, 1 - p, 0), 10);
      }),
    );
  });

  test('its mean equals scikit-learn on the same columns', () => {
    const { p, y } = fixture.forms;
    const rewards = alignment(form, p, y);
    expect(rewards.reduce((sum, reward) => sum + reward, 0) / p.length).toBeCloseTo(fixture.forms[form], 12);
  });

  test('no constant earns more than the best constant', () => {
    fc.assert(
      fc.property(columns, probability, (rows, p) => {
        const y = rows.map(([, label]) => label);
        const best = bestConstant(form, y);
        const rewards = alignment(form, new Float64Array(y.length).fill(p), y);
        const mean = rewards.reduce((sum, reward) => sum + reward, 0) / y.length;
        expect(best?.reward).toBeGreaterThanOrEqual(mean - 1e-9);
      }),
    );
  });

  test('refuses what is no probability, with the row', () => {
    expect(() => alignment(form, [0.5, Number.NaN], [1, 1])).toThrow(
      expect.objectContaining({ code: 'REWARD_NOT_A_PROBABILITY', where: 'row 1' }),
    );
    expect(() => alignment(form, [1.5], [1])).toThrow(/in \[0, 1\]/);
    expect(() => alignment(form, [0.5], [])).toThrow(expect.objectContaining({ code: 'REWARD_LENGTH_MISMATCH' }));
  });
});

test('the proper forms are best served by the true rate, linear by the majority class', () => {
  const y = [1, 1, 1, 0];
  expect(bestConstant('brier', y)).toEqual({ probability: 0.75, reward: 1 - 0.75 * 0.25 });
  expect(bestConstant('log', y)?.probability).toBe(0.75);
  expect(bestConstant('linear', y)).toEqual({ probability: 1, reward: 0.75 });
  expect(bestConstant('brier', [])).toBeNull();
});

test('log is bounded by its clip: no single certainty can dominate a batch', () => {
  expect(one('log', 0, 1)).toBe(Math.log(logClip));
  expect(one('brier', 0, 1)).toBe(0);
  expect(one('linear', 0, 1)).toBe(0);
});

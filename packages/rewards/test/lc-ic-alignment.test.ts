import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alignment, alignmentBounds, alignmentForms, bestConstant, icAlignment, lcAlignment, type RewardValues } from '../src/index.js';
import { rowsOf } from './rows.js';

const constant =
  (...p: number[]) =>
  () =>
    Promise.resolve(Float64Array.from(p));
const list = (values: ArrayLike<number>): number[] => Array.from(values);
const valuesOf = (given: RewardValues): (number | null)[] => Array.from(given.values);

describe('lcAlignment', () => {
  test('is the form of p_LC and the label, brier unless asked otherwise', async () => {
    const rows = rowsOf({ label: [1, 0, 1] });
    expect(valuesOf(await lcAlignment({ read: constant(0.9, 0.9, 0.2) })(rows))).toEqual(
      list(alignment('brier', [0.9, 0.9, 0.2], [1, 0, 1])),
    );
    for (const form of alignmentForms) {
      expect(valuesOf(await lcAlignment({ read: constant(0.9, 0.9, 0.2), form })(rows))).toEqual(
        list(alignment(form, [0.9, 0.9, 0.2], [1, 0, 1])),
      );
    }
  });

  test('an explanation left empty gets the minimum however right the item alone was', async () => {
    for (const form of alignmentForms) {
      const rows = rowsOf({ label: [1, 1, 0], read: ['', '  ', 'a reason'] });
      const { values: rewards } = await lcAlignment({ read: constant(1, 1, 0), form })(rows);
      const { minimum, maximum } = alignmentBounds(form);
      expect(rewards[0]).toBe(minimum);
      expect(rewards[1]).toBe(minimum);
      expect(rewards[2]).toBeCloseTo(maximum, 12);
    }
  });

  test('refuses a reader that returns too few probabilities', async () => {
    await expect(lcAlignment({ read: constant(0.5) })(rowsOf({ label: [1, 0] }))).rejects.toThrow(/p_LC has 1 values/);
  });
});

describe('icAlignment', () => {
  test('against the label it is the form of p_IC', async () => {
    const rewards = await icAlignment({ predictClick: constant(0.8, 0.3) })(rowsOf({ label: [1, 1] }));
    expect(valuesOf(rewards)).toEqual(list(alignment('brier', [0.8, 0.3], [1, 1])));
  });

  test('against the teacher it does not look at the label', async () => {
    const reward = icAlignment({ predictClick: constant(0.8, 0.3), target: 'teacher', teacher: constant(0.8, 0.9) });
    const ones = valuesOf(await reward(rowsOf({ label: [1, 1] })));
    expect(ones).toEqual(valuesOf(await reward(rowsOf({ label: [0, 0] }))));
    expect(ones).toEqual(list(alignment('brier', [0.8, 0.3], [0.8, 0.9])));
  });

  test('the difference is positive exactly where z brought f closer to the label than the mean z did', async () => {
    const probability = fc.double({ min: 0, max: 1, noNaN: true });
    await fc.assert(
      fc.asyncProperty(probability, probability, fc.constantFrom(0, 1), async (p, withMean, y) => {
        const reward = icAlignment({ predictClick: constant(p), mode: 'difference', predictWithMean: constant(withMean), form: 'linear' });
        const [value] = valuesOf(await reward(rowsOf({ label: [y] })));
        expect(value).toBeCloseTo(Math.abs(y - withMean) - Math.abs(y - p), 12);
      }),
    );
  });

  test('an explanation left empty gets the minimum, less what the mean vector earns in a difference', async () => {
    const rows = rowsOf({ label: [1], read: [''] });
    expect(valuesOf(await icAlignment({ predictClick: constant(1) })(rows))).toEqual([0]);
    const [difference] = valuesOf(
      await icAlignment({ predictClick: constant(1), mode: 'difference', predictWithMean: constant(0.5) })(rows),
    );
    expect(difference).toBeCloseTo(-0.75, 12);
  });

  test('the best constant is that of the labels or of the teacher, and a difference has none', async () => {
    const rows = rowsOf({ label: [1, 1, 0] });
    const teacher = constant(0.9, 0.7, 0.8);
    for (const form of alignmentForms) {
      const common = { predictClick: constant(0.5, 0.5, 0.5), predictWithMean: constant(0.4, 0.4, 0.4), teacher, form };
      const figures = async (more: object) => (await icAlignment({ ...common, ...more })(rows)).figures;
      expect(await figures({})).toEqual({ best_constant: bestConstant(form, [1, 1, 0])?.reward });
      expect(await figures({ target: 'teacher' })).toEqual({ best_constant: bestConstant(form, [0.9, 0.7, 0.8])?.reward });
      expect(await figures({ mode: 'difference' })).toEqual({});
      expect((await lcAlignment({ read: constant(0.5, 0.5, 0.5), form })(rows)).figures).toEqual({
        best_constant: bestConstant(form, [1, 1, 0])?.reward,
      });
    }
    expect((await lcAlignment({ read: constant() })(rowsOf({ label: [] }))).figures).toEqual({});
  });

  test('says which function an option needs', () => {
    expect(() => icAlignment({ predictClick: constant(1), target: 'teacher' })).toThrow(/was given no teacher/);
    expect(() => icAlignment({ predictClick: constant(1), mode: 'difference' })).toThrow(/was given no predictWithMean/);
  });
});

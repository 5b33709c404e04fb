import fc from 'fast-check';
import { expect, test } from 'vitest';
import { combine, type RewardFunction } from '../src/index.js';
import { rowsOf } from './rows.js';

const fixed =
  (values: readonly (number | null)[]): RewardFunction =>
  () =>
    Promise.resolve(values);
const rows = rowsOf({ label: [1, 0, 1] });

test('the total is the weighted sum and every component stands beside it, unweighted', async () => {
  const combined = combine([
    { name: 'lc', weight: 1, reward: fixed([0.5, 1, 0]) },
    { name: 'length', weight: 0.5, reward: fixed([1, 0, 1]) },
  ]);
  const { total, components } = await combined(rows);
  expect(total).toEqual([1, 1, 0.5]);
  expect(components).toEqual({ lc: [0.5, 1, 0], length: [1, 0, 1] });
});

test('a component that does not apply leaves the row on the same scale, and no component at all gives null', async () => {
  const { total } = await combine([
    { name: 'lc', weight: 1, reward: fixed([0.5, 0.5, null]) },
    { name: 'ic', weight: 3, reward: fixed([0.5, null, null]) },
  ])(rows);
  expect(total).toEqual([2, 2, null]);
});

test('a component of weight 0 is logged and moves nothing, not even where it alone applies', async () => {
  const { total, components } = await combine([
    { name: 'lc', weight: 1, reward: fixed([0.5, null, 0]) },
    { name: 'seen', weight: 0, reward: fixed([9, 9, 9]) },
  ])(rows);
  expect(total).toEqual([0.5, null, 0]);
  expect(components['seen']).toEqual([9, 9, 9]);
});

test('raising any applying component raises the total; equal rewards give equal totals whichever apply', async () => {
  const value = fc.option(fc.double({ min: -5, max: 1, noNaN: true }), { nil: null });
  const weight = fc.double({ min: 0.01, max: 4, noNaN: true });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(value, weight), { minLength: 1, maxLength: 5 }), async (parts) => {
      const row = rowsOf({ label: [1] });
      const totalOf = async (change: number) => {
        const named = parts.map(([v, w], at) => ({ name: `r${at}`, weight: w, reward: fixed([v === null ? null : v + change]) }));
        return (await combine(named)(row)).total[0] ?? null;
      };
      const before = await totalOf(0);
      const after = await totalOf(0.5);
      const all = parts.reduce((sum, [, w]) => sum + w, 0);
      if (before === null || after === null) expect(parts.every(([v]) => v === null)).toBe(true);
      else expect(after - before).toBeCloseTo(0.5 * all, 9);
    }),
  );
});

test('figures of a reward are kept under its name; those that are not finite are left out', async () => {
  const { components, figures } = await combine([
    { name: 'lc', weight: 1, reward: () => Promise.resolve({ values: [1, 0, 1], figures: { best_constant: 0.75, empty: NaN } }) },
    { name: 'ic', weight: 0, reward: () => Promise.resolve({ values: new Float64Array(3), figures: { best_constant: 0.5 } }) },
    { name: 'length', weight: 1, reward: fixed([1, null, 0]) },
  ])(rows);
  expect(figures).toEqual({ 'lc/best_constant': 0.75, 'ic/best_constant': 0.5 });
  expect(components).toEqual({ lc: [1, 0, 1], ic: [0, 0, 0], length: [1, null, 0] });
});

test('refuses repeated names, negative weights, no weight, wrong lengths and infinite rewards', async () => {
  const reward = fixed([1, 1, 1]);
  const option = expect.objectContaining({ code: 'REWARD_OPTION' }) as Error;
  expect(() => combine([])).toThrow(option);
  expect(() => combine([{ name: 'a', weight: -1, reward }])).toThrow(option);
  expect(() => combine([{ name: 'a', weight: 0, reward }])).toThrow(option);
  expect(() =>
    combine([
      { name: 'a', weight: 1, reward },
      { name: 'a', weight: 1, reward },
    ]),
  ).toThrow(option);
  await expect(combine([{ name: 'a', weight: 1, reward: fixed([1]) }])(rows)).rejects.toThrow(/reward 'a' has 1 values/);
  await expect(combine([{ name: 'a', weight: 1, reward: fixed([1, Infinity, 1]) }])(rows)).rejects.toThrow(/reward 'a' is Infinity/);
});

import { createRng } from '@expctr/core';
import { percentileInterval } from '@expctr/ctr-models';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bootstrapTotals, totalsOf } from '../../src/statistics/bootstrap-totals.js';
import { jackknifeInterval } from '../../src/statistics/jackknife.js';
import { bootstrapSpearman, spearman } from '../../src/statistics/spearman.js';
import { expected } from './support.js';

const columns = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 })), { minLength: 2, maxLength: 30 });
const split = (pairs: readonly (readonly [number, number])[]) => [pairs.map(([x]) => x), pairs.map(([, y]) => y)] as const;

describe('Spearman’s rank correlation', () => {
  test.each(expected.spearman)('equals scipy’s, ties included', ({ x, y, rho }) => {
    expect(spearman(x, y)).toBeCloseTo(rho, 12);
  });

  test('is symmetric, within [-1, 1], and sees nothing but order', () => {
    fc.assert(
      fc.property(columns, (pairs) => {
        const [x, y] = split(pairs);
        const rho = spearman(x, y);
        expect(spearman(y, x)).toEqual(rho);
        const shifted = x.map((value) => Math.exp(value) - 7);
        expect(spearman(shifted, y)).toEqual(rho);
        const turned = x.map((value) => -value);
        expect(spearman(turned, y) + rho || 0).toBeCloseTo(0, 12);
        expect(Number.isNaN(rho) || Math.abs(rho) <= 1).toBe(true);
        expect(Number.isNaN(rho)).toBe(new Set(x).size < 2 || new Set(y).size < 2);
      }),
    );
  });

  test('a resample counts a user’s rows as often as the user was drawn: with one user it is the sample, every time', () => {
    fc.assert(
      fc.property(columns, (pairs) => {
        const [x, y] = split(pairs);
        const user = pairs.map(() => 3);
        for (const rho of bootstrapSpearman(user, x, y, 3, createRng(1))) {
          if (Number.isNaN(rho)) expect(spearman(x, y)).toBeNaN();
          else expect(rho).toBeCloseTo(spearman(x, y), 12);
        }
      }),
    );
  });

  test('its interval holds the correlation of the whole about as often as it says', () => {
    const draw = (users: number, seed: string) => {
      const rng = createRng(seed);
      const out = { user: [] as number[], x: [] as number[], y: [] as number[] };
      for (let user = 0; user < users; user += 1) {
        const taste = rng.normal();
        for (let row = 0; row < 4; row += 1) {
          out.user.push(user);
          out.x.push(taste + rng.normal());
          out.y.push(taste + rng.normal());
        }
      }
      return out;
    };
    const whole = draw(6000, 'whole');
    const truth = spearman(whole.x, whole.y);
    let held = 0;
    for (let study = 0; study < 60; study += 1) {
      const { user, x, y } = draw(50, `study ${study}`);
      const [low, high] = percentileInterval(bootstrapSpearman(user, x, y, 150, createRng(study))) ?? [1, -1];
      if (low <= truth && truth <= high) held += 1;
    }
    expect(held).toBeGreaterThanOrEqual(51);
  });
});

describe('totals over resampled users', () => {
  test('with one user are the totals; columns see the same users', () => {
    fc.assert(
      fc.property(columns, (pairs) => {
        const [x, y] = split(pairs);
        const both = [x, y];
        const [sums, ratio] = bootstrapTotals(
          { user: x.map(() => 0), columns: both },
          [(t) => t[0]!, (t) => t[0]! - t[1]!],
          2,
          createRng(1),
        );
        expect([...sums!]).toEqual([totalsOf(both)[0], totalsOf(both)[0]]);
        expect(ratio![0]).toBe(totalsOf(both)[0]! - totalsOf(both)[1]!);
      }),
    );
    const user = [0, 0, 1, 2, 3, 3];
    const [difference] = bootstrapTotals({ user, columns: [user, user] }, [(t) => t[0]! - t[1]!], 20, createRng(2));
    expect(difference!.every((value) => value === 0)).toBe(true);
  });

  test('a user’s rows come together: the number of rows is a sum of whole users', () => {
    const user = [0, 0, 0, 1, 1, 1, 2, 2, 2];
    const [rows] = bootstrapTotals({ user, columns: [user.map(() => 1)] }, [(t) => t[0]!], 50, createRng(3));
    expect(rows!.every((count) => count === 9)).toBe(true);
  });
});

describe('the jackknife interval', () => {
  test('of a mean is that of the standard error of the mean', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.3, max: 0.7, noNaN: true }), { minLength: 3, maxLength: 40 }), (values) => {
        const n = values.length;
        const sum = values.reduce((total, value) => total + value, 0);
        const variance = values.reduce((total, value) => total + (value - sum / n) ** 2, 0) / (n - 1);
        const [low, high] = jackknifeInterval(
          sum / n,
          values.map((value) => (sum - value) / (n - 1)),
        ) ?? [1, 0];
        const half = 1.959964 * Math.sqrt(variance / n);
        expect(low).toBeCloseTo(Math.max(0, sum / n - half), 9);
        expect(high).toBeCloseTo(Math.min(1, sum / n + half), 9);
      }),
    );
  });

  test('needs two users', () => {
    expect(jackknifeInterval(0.5, [0.4])).toBeNull();
  });
});

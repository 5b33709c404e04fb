import { createRng } from '@expctr/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { auc, aucInterval, delongTest, pairedBootstrap } from '../src/index.js';
import { twoSided, twoSidedQuantile } from '../src/metrics/normal.js';
import { METRIC_CASES, NORMAL_TAILS } from './metric-cases.js';
import { codeOf } from './world.js';

test('the normal tails are those of scipy', () => {
  for (const { z, pValue } of NORMAL_TAILS) expect(Math.abs(twoSided(z) / pValue - 1)).toBeLessThan(1e-11);
  expect(twoSidedQuantile(0.95)).toBeCloseTo(1.959963984540054, 12);
});

describe.each(METRIC_CASES)('midranks in numpy, $name', ({ labels, probabilities, other, groups, auc: area, delong }) => {
  test('delongTest is the same', () => {
    const found = delongTest(labels, probabilities, other);
    expect(found.auc[0]).toBeCloseTo(area, 12);
    found.covariance.flat().forEach((value, k) => expect(value).toBeCloseTo(delong.covariance.flat()[k]!, 14));
    expect(found.z).toBeCloseTo(delong.z, 8);
    expect(found.pValue / delong.pValue).toBeCloseTo(1, 8);
    expect((found.interval[1] - found.interval[0]) / 2).toBeCloseTo(delong.half95, 10);
  });
  test('aucInterval is the same, also for rows that depend on each other', () => {
    expect(aucInterval(labels, probabilities).standardError).toBeCloseTo(delong.standardError, 12);
    expect(aucInterval(labels, probabilities, { groups }).standardError ** 2).toBeCloseTo(delong.clusteredVariance, 14);
  });
});

/** Rows with two of each class, and ties. */
const rows = fc
  .array(fc.record({ label: fc.integer({ min: 0, max: 1 }), a: fc.integer({ min: 0, max: 6 }), b: fc.integer({ min: 0, max: 6 }) }), {
    minLength: 4,
    maxLength: 50,
  })
  .filter((of) => [0, 1].every((class_) => of.filter(({ label }) => label === class_).length >= 2))
  .map((of) => ({ labels: of.map((r) => r.label), a: of.map((r) => r.a), b: of.map((r) => r.b) }));

describe('properties', () => {
  test('the areas are those of auc, to the last bit', () => {
    fc.assert(
      fc.property(rows, ({ labels, a, b }) => {
        expect(delongTest(labels, a, b).auc).toEqual([auc(labels, a), auc(labels, b)]);
        expect(aucInterval(labels, a).auc).toBe(auc(labels, a));
      }),
    );
  });
  test('groups of one row each change nothing, increasing maps neither, and the other way round the sign is the other', () => {
    fc.assert(
      fc.property(rows, ({ labels, a, b }) => {
        const found = delongTest(labels, a, b);
        const close = (value: number): unknown => expect.closeTo(value, 10);
        const alone = delongTest(labels, a, b, { groups: labels.map((_, row) => row) });
        expect(alone.covariance.flat()).toEqual(found.covariance.flat().map(close));
        expect(
          delongTest(
            labels,
            a.map((s) => Math.exp(s) - 3),
            b,
          ),
        ).toEqual(found);
        expect(delongTest(labels, b, a).difference).toBeCloseTo(-found.difference, 12);
      }),
    );
  });
  test('scores that rank alike do not differ', () => {
    fc.assert(
      fc.property(rows, ({ labels, a }) => {
        expect(
          delongTest(
            labels,
            a,
            a.map((s) => 2 * s + 1),
          ),
        ).toMatchObject({ difference: 0, z: 0, pValue: 1, interval: [0, 0] });
      }),
    );
  });
});

/** Two models of users whose rows share how well they are predicted: the first a little better. */
function study(users: number, perUser: number): { labels: number[]; users: number[]; a: number[]; b: number[] } {
  const rng = createRng('study');
  const out = { labels: [] as number[], users: [] as number[], a: [] as number[], b: [] as number[] };
  for (let user = 0; user < users; user += 1) {
    const skill = rng.next() < 0.5 ? 1.4 : -0.3;
    for (let row = 0; row < perUser; row += 1) {
      const label = rng.int(2);
      const score = skill * (2 * label - 1) + rng.normal();
      out.labels.push(label);
      out.users.push(user);
      out.a.push(1 / (1 + Math.exp(-score)));
      out.b.push(1 / (1 + Math.exp(-score - 1.5 * rng.normal())));
    }
  }
  return out;
}

describe('beside the bootstrap', () => {
  const { labels, users, a, b } = study(80, 10);
  const widthOf = (interval: readonly [number, number] | null): number => interval![1] - interval![0];

  test('intervals of differences are as wide, over users as over rows', () => {
    for (const groups of [undefined, users]) {
      const drawn = pairedBootstrap(labels, a, b, {
        ...(groups === undefined ? {} : { users: groups }),
        resamples: 400,
        rng: createRng(1),
      }).auc;
      const exact = delongTest(labels, a, b, groups === undefined ? {} : { groups });
      expect(drawn.difference).toBeCloseTo(exact.difference, 12);
      expect(widthOf(drawn.interval) / widthOf(exact.interval)).toBeGreaterThan(0.8);
      expect(widthOf(drawn.interval) / widthOf(exact.interval)).toBeLessThan(1.25);
    }
  });

  test('rows of one user count for less than as many users', () => {
    const width = (groups?: number[]): number => widthOf(aucInterval(labels, a, groups === undefined ? {} : { groups }).interval);
    expect(width(users)).toBeGreaterThan(1.3 * width());
  });

  test('pairedBootstrap says what differs, by how much, and is the same for the same seed', () => {
    const run = () => pairedBootstrap(labels, a, b, { users, resamples: 200, rng: createRng(2) });
    const found = run();
    expect(run()).toEqual(found);
    expect(found.auc.interval![0]).toBeGreaterThan(0);
    expect(found.auc.pValue).toBeLessThan(0.05);
    expect(found.groupedAuc!.difference).toBeGreaterThan(0);
    expect(found.logLoss.difference).toBeLessThan(0); // a loss: less is better
    const same = pairedBootstrap(labels, a, a, { resamples: 50, rng: createRng(2) });
    expect(same.auc).toMatchObject({ difference: 0, interval: [0, 0], pValue: 1 });
    expect(same.groupedAuc).toBeNull();
  });
});

test('bad input is refused by code', async () => {
  expect(await codeOf(() => aucInterval([1, 0, 0], [1, 2, 3]))).toBe('CTR_ONE_CLASS'); // one positive has no variance
  expect(await codeOf(() => aucInterval([1, 1, 0, 0], [1, 2, 3, 4], { groups: [0, 0, 1, 1] }))).toBe('CTR_ONE_CLASS');
  expect(await codeOf(() => delongTest([1, 1, 0, 0], [1, 2, 3, 4], [1, 2, 3]))).toBe('CTR_LENGTH');
  for (const level of [0, 1, NaN, 95]) expect(await codeOf(() => aucInterval([1, 1, 0, 0], [1, 2, 3, 4], { level }))).toBe('CTR_OPTION');
  const paired = (options: object, labels = [1, 0]) =>
    codeOf(() => pairedBootstrap(labels, [0.1, 0.2], [0.3, 0.4], { rng: createRng(1), ...options }));
  expect(await paired({ resamples: 0 })).toBe('CTR_OPTION');
  expect(await paired({ level: 2 })).toBe('CTR_OPTION');
  expect(await paired({ users: [1] })).toBe('CTR_LENGTH');
  expect(await paired({}, [1, 1])).toBe('CTR_ONE_CLASS');
});

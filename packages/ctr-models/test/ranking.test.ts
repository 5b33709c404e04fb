import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rankingMetrics } from '../src/index.js';
import { METRIC_CASES } from './metric-cases.js';
import { codeOf } from './world.js';

test.each(METRIC_CASES)('an enumeration of all orders of tied rows, $name', ({ labels, probabilities, ranking3 }) => {
  const found = rankingMetrics(
    labels,
    probabilities,
    labels.map((_, row) => Math.floor(row / 5)),
    { k: 3 },
  );
  for (const [name, value] of Object.entries<number>({ ...ranking3 }))
    expect(found[name as keyof typeof ranking3], name).toBeCloseTo(value, 10);
});

const rows = fc
  .array(
    fc.record({ label: fc.integer({ min: 0, max: 1 }), score: fc.integer({ min: 0, max: 5 }), user: fc.integer({ min: 0, max: 4 }) }),
    {
      minLength: 1,
      maxLength: 40,
    },
  )
  .filter((of) => of.some(({ label }) => label === 1));
const metricsOf = (of: readonly { label: number; score: number; user: number }[], k: number) =>
  rankingMetrics(
    of.map(({ label }) => label),
    of.map(({ score }) => score),
    of.map(({ user }) => user),
    { k },
  );
const close = (found: object): object =>
  Object.fromEntries(Object.entries(found).map(([name, v]: [string, number]): [string, unknown] => [name, expect.closeTo(v, 10)]));

describe('properties', () => {
  test('neither the order of the rows, nor increasing maps of scores, nor names of users matter', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 6 }), (of, k) => {
        const expected = close(metricsOf(of, k));
        expect(metricsOf([...of].reverse(), k)).toEqual(expected);
        expect(
          metricsOf(
            of.map((row) => ({ ...row, score: Math.exp(row.score) - 9, user: 1e6 - row.user })),
            k,
          ),
        ).toEqual(expected);
      }),
    );
  });

  test('scores that are the labels are best, everything is between 0 and 1, and nothing falls as k grows but precision', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 6 }), (of, k) => {
        const perfect = metricsOf(
          of.map((row) => ({ ...row, score: row.label })),
          k,
        );
        expect(perfect).toMatchObject({ ndcg: expect.closeTo(1, 10) as number, hitRate: 1, mrr: 1 });
        const [found, wider] = [metricsOf(of, k), metricsOf(of, k + 1)];
        for (const name of ['ndcg', 'recall', 'precision', 'hitRate', 'mrr'] as const) {
          expect(found[name]).toBeGreaterThanOrEqual(0);
          expect(found[name]).toBeLessThanOrEqual(perfect[name] + 1e-12);
        }
        for (const name of ['recall', 'hitRate', 'mrr'] as const) expect(wider[name]).toBeGreaterThanOrEqual(found[name] - 1e-12);
      }),
    );
  });

  test('with k of all rows recall and hit rate are 1', () => {
    fc.assert(
      fc.property(rows, (of) => {
        const { recall, hitRate } = metricsOf(of, 40);
        expect(recall).toBeCloseTo(1, 10);
        expect(hitRate).toBeCloseTo(1, 10);
      }),
    );
  });
});

test('groups without a positive are counted and left out', () => {
  expect(rankingMetrics([1, 0, 0, 0], [0.1, 0.9, 0.5, 0.4], [1, 1, 2, 2], { k: 1 })).toEqual({
    ndcg: 0,
    recall: 0,
    precision: 0,
    hitRate: 0,
    mrr: 0,
    groups: 1,
    skippedGroups: 1,
  });
});

test('bad input is refused by code', async () => {
  const code = (k: unknown, labels: number[] = [1, 0]) => codeOf(() => rankingMetrics(labels, [0.1, 0.2], [0, 0], { k } as { k: number }));
  for (const k of [0, -1, 1.5, NaN, '3', undefined]) expect(await code(k)).toBe('CTR_OPTION');
  expect(await code(1, [0, 0])).toBe('CTR_ONE_CLASS');
  expect(await code(1, [1])).toBe('CTR_LENGTH');
  expect(await code(1, [1, 3])).toBe('CTR_LABEL');
});

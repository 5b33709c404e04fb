import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { auc, expectedCalibrationError, groupedAuc, logLoss } from '../src/index.js';

interface Case {
  name: string;
  labels: number[];
  probabilities: number[];
  groups: number[];
  auc: number;
  groupedAuc: number;
  groupsCounted: number;
  groupsSkipped: number;
  logLoss: number;
  calibrationError10: number;
}
const { cases } = JSON.parse(readFileSync(new URL('./fixtures/metrics.json', import.meta.url), 'utf8')) as { cases: Case[] };

describe.each(cases)('scikit-learn, $name', (c) => {
  test('auc is the same', () => expect(auc(c.labels, c.probabilities)).toBeCloseTo(c.auc, 12));
  test('groupedAuc is the same, and counts what it leaves out', () => {
    const found = groupedAuc(c.labels, c.probabilities, c.groups);
    expect(found.auc).toBeCloseTo(c.groupedAuc, 12);
    expect(found.groups).toBe(c.groupsCounted);
    expect(found.skippedGroups).toBe(c.groupsSkipped);
    expect(found.rows + found.skippedRows).toBe(c.labels.length);
  });
  test('logLoss is the same', () => expect(Math.abs(logLoss(c.labels, c.probabilities) / c.logLoss - 1)).toBeLessThan(1e-9));
  test('expectedCalibrationError is the same', () =>
    expect(expectedCalibrationError(c.labels, c.probabilities, { bins: 10 })).toBeCloseTo(c.calibrationError10, 12));
});

/** Rows of both classes with many ties. */
const rows = fc
  .array(fc.record({ label: fc.integer({ min: 0, max: 1 }), score: fc.integer({ min: -4, max: 4 }) }), { minLength: 2, maxLength: 60 })
  .filter((r) => r.some(({ label }) => label === 0) && r.some(({ label }) => label === 1))
  .map((r) => ({ labels: r.map(({ label }) => label), scores: r.map(({ score }) => score) }));

test('auc is the share of pairs won, ties half', () => {
  fc.assert(
    fc.property(rows, ({ labels, scores }) => {
      let won = 0;
      let pairs = 0;
      labels.forEach((a, i) =>
        labels.forEach((b, j) => {
          if (a !== 1 || b !== 0) return;
          pairs += 1;
          won += scores[i]! > scores[j]! ? 1 : scores[i] === scores[j] ? 0.5 : 0;
        }),
      );
      expect(auc(labels, scores)).toBe(won / pairs);
    }),
  );
});

test('auc does not change under increasing maps of the scores', () => {
  fc.assert(
    fc.property(rows, ({ labels, scores }) => {
      expect(
        auc(
          labels,
          scores.map((s) => Math.exp(3 * s - 1)),
        ),
      ).toBe(auc(labels, scores));
    }),
  );
});

test('auc of negated scores, and of flipped labels, is the complement', () => {
  fc.assert(
    fc.property(rows, ({ labels, scores }) => {
      expect(
        auc(
          labels,
          scores.map((s) => -s),
        ),
      ).toBeCloseTo(1 - auc(labels, scores), 12);
      expect(
        auc(
          labels.map((y) => 1 - y),
          scores,
        ),
      ).toBeCloseTo(1 - auc(labels, scores), 12);
    }),
  );
});

test('auc of equal scores is a half, also for 0 and -0', () => expect(auc([0, 1, 0], [0, -0, 0])).toBe(0.5));

test('groupedAuc is the auc of each group weighted by its rows', () => {
  const found = groupedAuc([0, 1, 1, 0, 0, 1, 1], [0.1, 0.9, 0.2, 0.8, 0.8, 0.5, 0.1], [5, 5, 2, 2, 2, 9, 9]);
  expect(found).toEqual({ auc: (2 * 1 + 3 * 0) / 5, groups: 2, rows: 5, skippedGroups: 1, skippedRows: 2 });
});

test('logLoss is finite for certain predictions that are wrong, and zero where they are right', () => {
  expect(logLoss([1, 0], [0, 1])).toBeCloseTo(-Math.log(2 ** -52), 10);
  expect(logLoss([1, 0], [1, 0])).toBeLessThan(1e-15);
});

test('expectedCalibrationError is zero for calibrated predictions under both strategies', () => {
  const labels = [0, 0, 0, 1, 1, 1, 1, 0];
  const probabilities = [0.25, 0.25, 0.25, 0.25, 0.75, 0.75, 0.75, 0.75];
  expect(expectedCalibrationError(labels, probabilities)).toBe(0);
  expect(expectedCalibrationError(labels, probabilities, { bins: 2, strategy: 'quantile' })).toBe(0);
  expect(expectedCalibrationError([1, 1], [0, 0])).toBe(1);
});

test('bad columns are refused by code', () => {
  const code = (run: () => unknown): unknown => {
    try {
      run();
    } catch (error) {
      return (error as { code: string }).code;
    }
    return undefined;
  };
  expect(code(() => auc([1, 1], [0.1, 0.2]))).toBe('CTR_ONE_CLASS');
  expect(code(() => groupedAuc([1, 0], [0.1, 0.2], [0, 1]))).toBe('CTR_ONE_CLASS');
  expect(code(() => groupedAuc([1, 0], [0.1, 0.2], [0]))).toBe('CTR_LENGTH');
  expect(code(() => auc([], []))).toBe('CTR_EMPTY');
  expect(code(() => auc([1, 0], [0.1]))).toBe('CTR_LENGTH');
  expect(code(() => auc([1, 2], [0.1, 0.2]))).toBe('CTR_LABEL');
  expect(code(() => auc([1, 0], [0.1, NaN]))).toBe('CTR_NOT_FINITE');
  expect(code(() => logLoss([1, 0], [0.1, 1.2]))).toBe('CTR_PROBABILITY');
  expect(code(() => expectedCalibrationError([1, 0], [0.1, 0.2], { bins: 0 }))).toBe('CTR_OPTION');
});

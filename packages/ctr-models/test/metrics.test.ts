import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  auc,
  brierDecomposition,
  brierScore,
  expectedCalibrationError,
  groupedAuc,
  logLoss,
  relativeCrossEntropy,
  reliabilityDiagram,
} from '../src/index.js';
import { ascendingOrder } from '../src/metrics/order.js';
import { METRIC_CASES } from './metric-cases.js';

describe.each(METRIC_CASES)('scikit-learn, $name', (c) => {
  test('auc is the same', () => expect(auc(c.labels, c.probabilities)).toBeCloseTo(c.auc, 12));
  test('groupedAuc is the same, and counts what it leaves out', () => {
    const found = groupedAuc(c.labels, c.probabilities, c.groups);
    expect(found.auc).toBeCloseTo(c.groupedAuc, 12);
    expect(found.unweightedAuc).toBeCloseTo(c.unweightedAuc, 12);
    expect(found.groups).toBe(c.groupsCounted);
    expect(found.skippedGroups).toBe(c.groupsSkipped);
    expect(found.rows + found.skippedRows).toBe(c.labels.length);
  });
  test('logLoss is the same', () => expect(Math.abs(logLoss(c.labels, c.probabilities) / c.logLoss - 1)).toBeLessThan(1e-9));
  test('expectedCalibrationError is the same', () =>
    expect(expectedCalibrationError(c.labels, c.probabilities, { bins: 10 })).toBeCloseTo(c.calibrationError10, 12));
  test('relativeCrossEntropy is the same', () =>
    expect(relativeCrossEntropy(c.labels, c.probabilities) / c.relativeCrossEntropy).toBeCloseTo(1, 9));
  test('brierScore is the same', () => expect(brierScore(c.labels, c.probabilities)).toBeCloseTo(c.brier, 12));
  test('reliabilityDiagram has the points of bins in numpy', () => {
    const bins = reliabilityDiagram(c.labels, c.probabilities, { bins: 10 });
    expect(bins.map((bin) => bin.positiveShare)).toEqual(c.calibrationCurve10.shares.map((share): unknown => expect.closeTo(share, 12)));
    expect(bins.map((bin) => bin.meanProbability)).toEqual(c.calibrationCurve10.means.map((mean): unknown => expect.closeTo(mean, 12)));
  });
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
  expect(found).toEqual({ auc: (2 * 1 + 3 * 0) / 5, unweightedAuc: 0.5, groups: 2, rows: 5, skippedGroups: 1, skippedRows: 2 });
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

test('ascendingOrder is a stable sort of any numbers', () => {
  const scores = fc.array(fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(0, -0, 1, -1, Infinity, -Infinity)), { maxLength: 50 });
  fc.assert(
    fc.property(scores, (values) => {
      const expected = values.map((_, row) => row).sort((a, b) => (values[a]! < values[b]! ? -1 : values[a]! > values[b]! ? 1 : a - b));
      expect(Array.from(ascendingOrder(values))).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

/** Labels with probabilities of few values, so that there are ties and bins of several rows. */
const predictions = fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 12 })), { minLength: 1, maxLength: 60 });
const strategies = fc.record({ bins: fc.integer({ min: 1, max: 20 }), strategy: fc.constantFrom('uniform' as const, 'quantile' as const) });

test('metrics do not depend on the order of the rows, and a row twice weighs twice', () => {
  fc.assert(
    fc.property(predictions, fc.integer(), (rows, seed) => {
      const shuffled = [...rows].sort(([, a], [, b]) => ((a * 7919 + seed) % 13) - ((b * 7919 + seed) % 13));
      const metrics = (of: typeof rows): number[] => {
        const [labels, p] = [of.map(([y]) => y), of.map(([, twelfth]) => twelfth / 12)];
        return [
          logLoss(labels, p),
          brierScore(labels, p),
          expectedCalibrationError(labels, p, { bins: 5 }),
          expectedCalibrationError(labels, p, { bins: 5, strategy: 'quantile' }),
        ];
      };
      const same = metrics(rows).map((value): unknown => expect.closeTo(value, 10));
      expect(metrics(shuffled)).toEqual(same);
      expect(metrics([...rows, ...rows]).slice(0, 3)).toEqual(same.slice(0, 3));
    }),
  );
});

test('the bins of a reliability diagram hold all rows, ascend and do not overlap; those of equal mass are as full as ties allow', () => {
  fc.assert(
    fc.property(predictions, strategies, (rows, options) => {
      const [labels, p] = [rows.map(([y]) => y), rows.map(([, twelfth]) => twelfth / 12)];
      const bins = reliabilityDiagram(labels, p, options);
      expect(bins.reduce((sum, bin) => sum + bin.rows, 0)).toBe(rows.length);
      bins.forEach((bin, at) => {
        expect(bin.smallest).toBeLessThanOrEqual(bin.meanProbability + 1e-12);
        expect(bin.meanProbability).toBeLessThanOrEqual(bin.largest + 1e-12);
        if (at > 0) expect(bin.smallest).toBeGreaterThan(bins[at - 1]!.largest);
      });
    }),
  );
  const distinct = Array.from({ length: 100 }, (_, row) => row / 100);
  const bins = reliabilityDiagram(
    distinct.map((_, row) => row % 2),
    distinct,
    { bins: 10, strategy: 'quantile' },
  );
  expect(bins.map((bin) => bin.rows)).toEqual(new Array(10).fill(10));
});

test('the parts of a Brier score add up to it; bins of one value hide nothing', () => {
  fc.assert(
    fc.property(predictions, strategies, (rows, options) => {
      const [labels, p] = [rows.map(([y]) => y), rows.map(([, twelfth]) => twelfth / 12)];
      const parts = brierDecomposition(labels, p, options);
      expect(parts.score).toBe(brierScore(labels, p));
      expect(parts.reliability - parts.resolution + parts.uncertainty + parts.withinBins).toBeCloseTo(parts.score, 12);
      // 13 bins tell the 13 values apart
      expect(brierDecomposition(labels, p, { bins: 13 }).withinBins).toBeCloseTo(0, 12);
    }),
  );
});

test('relativeCrossEntropy is 0 for the share of positives and 100 for certain right predictions', () => {
  expect(relativeCrossEntropy([1, 0, 0, 0], [0.25, 0.25, 0.25, 0.25])).toBeCloseTo(0, 12);
  expect(relativeCrossEntropy([1, 0, 0], [1, 0, 0])).toBeCloseTo(100, 10);
  expect(relativeCrossEntropy([1, 0], [0.2, 0.8])).toBeLessThan(0);
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
  expect(code(() => reliabilityDiagram([1, 0], [0.1, 0.2], { strategy: 'mass' as 'quantile' }))).toBe('CTR_OPTION');
  expect(code(() => relativeCrossEntropy([1, 1], [0.1, 0.2]))).toBe('CTR_ONE_CLASS');
  expect(code(() => auc([1, 0], ['0.1', '0.2'] as unknown as number[]))).toBe('CTR_NOT_FINITE');
  expect(code(() => auc(undefined as unknown as number[], [0.1]))).toBe('CTR_LENGTH');
  expect(code(() => groupedAuc([1, 0], [0.1, 0.2], [0, NaN]))).toBe('CTR_NOT_FINITE');
});

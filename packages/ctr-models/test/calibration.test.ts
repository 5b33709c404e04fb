import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  auc,
  calibrate,
  expectedCalibrationError,
  fitCalibrator,
  loadCalibrator,
  logLoss,
  saveCalibrator,
  type CalibrationKind,
} from '../src/index.js';
import { poolAdjacentViolators } from '../src/calibration/isotonic.js';
import { METRIC_CASES } from './metric-cases.js';
import { codeOf } from './world.js';

const KINDS: readonly CalibrationKind[] = ['temperature', 'platt', 'isotonic'];

describe.each(METRIC_CASES)('scikit-learn and scipy, $name', (c) => {
  test('temperature', () => {
    const fitted = fitCalibrator('temperature', c.labels, c.probabilities);
    expect((fitted as { temperature: number }).temperature / c.temperature).toBeCloseTo(1, 5);
  });
  test('platt', () => {
    const fitted = fitCalibrator('platt', c.labels, c.probabilities);
    // of equal probabilities many slopes are as good, so what they give is compared
    const expected = calibrate({ kind: 'platt', ...c.platt }, c.probabilities);
    calibrate(fitted, c.probabilities).forEach((p, row) => expect(p).toBeCloseTo(expected[row]!, 5));
  });
  test('isotonic', () => {
    const given = calibrate(fitCalibrator('isotonic', c.labels, c.probabilities), c.isotonic.asked);
    given.forEach((p, at) => expect(p).toBeCloseTo(c.isotonic.given[at]!, 10));
  });
});

describe('pool adjacent violators', () => {
  const points = fc.array(fc.record({ value: fc.integer({ min: -5, max: 5 }), weight: fc.integer({ min: 1, max: 4 }) }), { maxLength: 25 });

  test('never descends, and does nothing to what it gave', () => {
    fc.assert(
      fc.property(points, (of) => {
        const fitted = poolAdjacentViolators(
          of.map(({ value }) => value),
          of.map(({ weight }) => weight),
        );
        expect(fitted.every((value, at) => at === 0 || fitted[at - 1]! <= value)).toBe(true);
        expect(poolAdjacentViolators(fitted)).toEqual(fitted);
      }),
    );
  });

  test('is the least-squares solution: min over ends of max over beginnings of means (Robertson et al. 1988, theorem 1.4.4)', () => {
    fc.assert(
      fc.property(points, (of) => {
        const fitted = poolAdjacentViolators(
          of.map(({ value }) => value),
          of.map(({ weight }) => weight),
        );
        const mean = (from: number, to: number): number => {
          const part = of.slice(from, to + 1);
          return part.reduce((sum, p) => sum + p.value * p.weight, 0) / part.reduce((sum, p) => sum + p.weight, 0);
        };
        of.forEach((_, at) => {
          const ends = of.flatMap((__, end) => (end >= at ? [end] : []));
          const best = Math.min(...ends.map((end) => Math.max(...of.slice(0, at + 1).map((__, from) => mean(from, end)))));
          expect(fitted[at]).toBeCloseTo(best, 10);
        });
      }),
    );
  });

  test('a value twice weighs twice', () => {
    fc.assert(
      fc.property(points, (of) => {
        const repeated = of.flatMap(({ value, weight }) => new Array<number>(weight).fill(value));
        const fitted = poolAdjacentViolators(
          of.map(({ value }) => value),
          of.map(({ weight }) => weight),
        );
        const alone = poolAdjacentViolators(repeated);
        let at = 0;
        of.forEach(({ weight }, point) => {
          // the values of a point are pooled with one another or with others, so their mean is the point's
          const mean = alone.subarray(at, (at += weight)).reduce((sum, value) => sum + value, 0) / weight;
          expect(mean).toBeCloseTo(fitted[point]!, 10);
        });
      }),
    );
  });
});

/** Overconfident probabilities, with their labels. */
function overconfident(rows: number, seed: string): { labels: number[]; probabilities: number[] } {
  const rng = createRng(seed);
  const logits = Array.from({ length: rows }, () => rng.normal());
  return {
    labels: logits.map((x) => Number(rng.next() < 1 / (1 + Math.exp(-x - 0.3)))),
    probabilities: logits.map((x) => 1 / (1 + Math.exp(-3 * x))),
  };
}

describe.each(KINDS)('%s', (kind) => {
  const valid = overconfident(2000, 'valid');
  const other = overconfident(2000, 'other');
  const calibrator = fitCalibrator(kind, valid.labels, valid.probabilities);

  test('mends other rows, and turns no order round', () => {
    const mended = calibrate(calibrator, other.probabilities);
    expect(logLoss(other.labels, mended)).toBeLessThan(logLoss(other.labels, other.probabilities) - 0.1);
    expect(expectedCalibrationError(other.labels, mended)).toBeLessThan(0.5 * expectedCalibrationError(other.labels, other.probabilities));
    const order = other.probabilities.map((_, row) => row).sort((a, b) => other.probabilities[a]! - other.probabilities[b]!);
    expect(order.every((row, at) => at === 0 || mended[order[at - 1]!]! <= mended[row]!)).toBe(true);
    if (kind !== 'isotonic') expect(auc(other.labels, mended)).toBeCloseTo(auc(other.labels, other.probabilities), 12);
  });

  test('is saved and read to the last bit', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'expctr-calibrator-')), 'calibrator.json');
    await saveCalibrator(path, calibrator);
    const read = await loadCalibrator(path);
    expect(read).toEqual(calibrator);
    expect(calibrate(read, other.probabilities)).toEqual(calibrate(calibrator, other.probabilities));
  });

  test('has finite values at the edges, for rows that a threshold tells apart and for constant ones', () => {
    for (const probabilities of [
      [0, 0.1, 0.9, 1],
      [0.3, 0.3, 0.3, 0.3],
      [1, 1, 0, 0],
    ]) {
      const fitted = fitCalibrator(kind, [0, 0, 1, 1], probabilities);
      expect(calibrate(fitted, [0, 0.5, 1]).every((p) => p >= 0 && p <= 1)).toBe(true);
    }
  });

  test('refuses bad input by code', async () => {
    expect(await codeOf(() => fitCalibrator(kind, [1, 1], [0.1, 0.2]))).toBe('CTR_ONE_CLASS');
    expect(await codeOf(() => fitCalibrator(kind, [], []))).toBe('CTR_EMPTY');
    expect(await codeOf(() => fitCalibrator(kind, [1, 0], [0.1, 2]))).toBe('CTR_PROBABILITY');
    expect(await codeOf(() => calibrate(calibrator, [NaN]))).toBe('CTR_NOT_FINITE');
    expect(await codeOf(() => calibrate(calibrator, [-1]))).toBe('CTR_PROBABILITY');
  });
});

test('an unknown kind and a damaged file are refused by code', async () => {
  expect(await codeOf(() => fitCalibrator('beta' as CalibrationKind, [1, 0], [0.1, 0.2]))).toBe('CTR_OPTION');
  const path = join(await mkdtemp(join(tmpdir(), 'expctr-calibrator-')), 'calibrator.json');
  expect(await codeOf(() => loadCalibrator(path))).toBe('CTR_MODEL_FILE');
  const isotonic = (thresholds: number[], values: number[]): string =>
    JSON.stringify({ format: 'ctr-calibrator/1', calibrator: { kind: 'isotonic', thresholds, values } });
  const damaged = [
    '',
    '{',
    'null',
    '{"format":"ctr-calibrator/2"}',
    isotonic([0.5, 0.1], [0, 1]),
    isotonic([0.5], [0, 1]),
    isotonic([], []),
  ];
  for (const text of [...damaged, '{"format":"ctr-calibrator/1","calibrator":{"kind":"temperature","temperature":0}}']) {
    await writeFile(path, text);
    expect(await codeOf(() => loadCalibrator(path)), text).toBe('CTR_MODEL_FILE');
  }
});

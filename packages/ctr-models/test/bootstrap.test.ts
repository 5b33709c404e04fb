import { createRng } from '@expctr/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { auc, bootstrapOverUsers, groupedAuc, logLoss, percentileInterval } from '../src/index.js';

const rowsArbitrary = fc
  .array(fc.tuple(fc.constantFrom(0, 1), fc.integer({ min: 1, max: 9 })), { minLength: 2, maxLength: 30 })
  .filter((rows) => rows.some(([label]) => label === 0) && rows.some(([label]) => label === 1));

test('with one user every resample is the sample: the statistics are those of the metrics themselves, ties included', () => {
  fc.assert(
    fc.property(rowsArbitrary, (rows) => {
      const label = rows.map(([y]) => y);
      const scores = rows.map(([, tenth]) => tenth / 10);
      const user = rows.map(() => 7);
      const draws = bootstrapOverUsers({ label, user }, new Map([['m', scores]]), 3, createRng(1)).get('m');
      for (const draw of [0, 1, 2]) {
        expect(draws?.auc[draw]).toBeCloseTo(auc(label, scores), 12);
        expect(draws?.groupedAuc[draw]).toBeCloseTo(groupedAuc(label, scores, user).auc, 12);
        expect(draws?.logLoss[draw]).toBeCloseTo(logLoss(label, scores), 12);
      }
    }),
  );
});

/** Users whose rows share how well they are predicted, so that rows of one user are not independent. */
function clusters(users: number, perUser: number, seed: number | string): { label: number[]; user: number[]; scores: number[] } {
  const rng = createRng(seed);
  const out = { label: [] as number[], user: [] as number[], scores: [] as number[] };
  for (let user = 0; user < users; user += 1) {
    const skill = rng.next() < 0.5 ? 1.4 : -0.3;
    for (let row = 0; row < perUser; row += 1) {
      const label = rng.int(2);
      out.label.push(label);
      out.user.push(user);
      out.scores.push(1 / (1 + Math.exp(-(skill * (2 * label - 1) + rng.normal()))));
    }
  }
  return out;
}

const intervalOf = (rows: ReturnType<typeof clusters>, resamples: number, seed: string): readonly [number, number] | null =>
  percentileInterval(
    bootstrapOverUsers(rows, new Map([['m', rows.scores]]), resamples, createRng(seed)).get('m')?.auc ?? new Float64Array(),
  );

describe('intervals', () => {
  test('do not shrink when every row is repeated: users are drawn, not rows', () => {
    const rows = clusters(40, 4, 'repeat');
    const twice = { label: [...rows.label, ...rows.label], user: [...rows.user, ...rows.user], scores: [...rows.scores, ...rows.scores] };
    expect(intervalOf(twice, 100, 'a')).toEqual(intervalOf(rows, 100, 'a'));
  });

  test('are wider than if rows of one user were independent', () => {
    const rows = clusters(40, 12, 'wide');
    const width = (interval: readonly [number, number] | null): number => (interval?.[1] ?? 0) - (interval?.[0] ?? 0);
    const independent = { ...rows, user: rows.user.map((_, row) => row) };
    expect(width(intervalOf(rows, 300, 'a'))).toBeGreaterThan(1.3 * width(intervalOf(independent, 300, 'a')));
  });

  test('hold the true AUC about as often as they say', () => {
    const whole = clusters(20_000, 6, 'truth');
    const truth = auc(whole.label, whole.scores);
    const studies = 100;
    let held = 0;
    for (let study = 0; study < studies; study += 1) {
      const [low, high] = intervalOf(clusters(60, 6, `study ${study}`), 200, `draws ${study}`) ?? [1, 0];
      if (low <= truth && truth <= high) held += 1;
    }
    expect(held).toBeGreaterThanOrEqual(88);
  });

  test('are null where most resamples have one class alone', () => {
    expect(percentileInterval(Float64Array.of(Number.NaN, Number.NaN, 0.5))).toBeNull();
    expect(percentileInterval(Float64Array.of(0.5, 0.5))).toEqual([0.5, 0.5]);
    expect(percentileInterval(new Float64Array())).toBeNull();
  });
});

test('columns see the same resamples: a difference of a column with itself is zero in each', () => {
  const rows = clusters(20, 5, 'pairs');
  const draws = bootstrapOverUsers(
    rows,
    new Map([
      ['a', rows.scores],
      ['b', rows.scores.map((p) => p / 2)],
    ]),
    50,
    createRng(1),
  );
  expect(draws.get('a')?.auc).toEqual(draws.get('b')?.auc);
});

import { createRng } from '@expctr/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countClaims, countText, COUNTS, explanationF1, hits, type ClaimCounts } from '../../src/quality/claim-counts.js';
import { compareExplainers } from '../../src/quality/quality-figures.js';
import { claim, expected, factsOf } from './support.js';

const sign = fc.constantFrom(1 as const, -1 as const);
const strength = fc.constantFrom(1 as const, 2 as const);
const attribute = fc.integer({ min: 0, max: 6 });
const claims = fc.array(
  fc.tuple(attribute, sign, strength).map((of) => claim(...of)),
  { maxLength: 8 },
);
const facts = fc
  .tuple(
    fc.uniqueArray(attribute, { maxLength: 4 }),
    fc.uniqueArray(attribute, { maxLength: 3 }),
    fc.array(fc.tuple(sign, strength), { minLength: 4, maxLength: 4 }),
    fc.nat(4),
  )
  .map(([item, history, kinds, reasons]) =>
    factsOf(
      item.slice(0, reasons).map((a, at) => [a, ...kinds[at]!]),
      item,
      history,
    ),
  );

const compare = (explainers: Readonly<Record<string, readonly ClaimCounts[]>>, resamples = 20) =>
  compareExplainers(
    Object.values(explainers)[0]!.map((_, row) => row),
    new Map(Object.entries(explainers)),
    resamples,
    createRng(1),
  );

test('precision, recall and F1 are scikit-learn’s micro averages over attributes with their signs; so are accuracy and AUC of the signs', () => {
  const { truth, claims: said, ...figures } = expected.claims;
  const counts = truth.map((reasons, row) =>
    countClaims(
      said[row]!.map(([a, s]) => claim(a, s)),
      factsOf(reasons, [0, 1, 2, 3, 4, 5, 6, 7]),
    ),
  );
  const found = compare({ model: counts }).quality.get('model')!;
  for (const [name, value] of Object.entries(figures)) expect(found[name as 'f1']).toBeCloseTo(value, 12);
});

describe('counts of an explanation', () => {
  test('do not change with the repetition of claims, nor with their order but for the degree of what is said twice', () => {
    fc.assert(
      fc.property(facts, claims, (row, list) => {
        expect(countClaims([...list, ...list], row)).toEqual(countClaims(list, row));
        const plain = list.map((one) => ({ ...one, strength: 2 as const }));
        expect(countClaims([...plain].reverse(), row)).toEqual(countClaims(plain, row));
      }),
    );
  });

  test('degrees are counted of right claims alone: the first one where an attribute has two, none where none is said', () => {
    const row = factsOf(
      [
        [1, 1, 2],
        [2, -1, 1],
        [3, 1, 1],
      ],
      [1, 2, 3, 4],
    );
    const degrees = (...said: Parameters<typeof countClaims>[0]) => {
      const { degreeRight, degreeWrong } = countClaims(said, row);
      return [degreeRight, degreeWrong];
    };
    expect(degrees(claim(1, 1, 2), claim(2, -1, 2), claim(3, -1, 1), claim(4, 1, 1))).toEqual([1, 1]);
    expect(degrees(claim(1, 1, 2), claim(1, 1, 1))).toEqual([1, 0]);
    expect(degrees(claim(1, 1, 1), claim(1, 1, 2))).toEqual([0, 1]);
    expect(degrees({ field: 'field', value: 'v1', sign: 1 })).toEqual([0, 0]);
    expect(countText('horror delights them.', { ...row, reasons: new Map([['genre\nhorror', { sign: 1, strength: 2 }]]) })).toMatchObject({
      degreeRight: 1,
    });
  });

  test('every right claim has a degree that is right or wrong; with the other degree it is the other way round', () => {
    fc.assert(
      fc.property(facts, claims, (row, list) => {
        const straight = countClaims(list, row);
        const turned = countClaims(
          list.map((one) => ({ ...one, strength: one.strength === 1 ? 2 : 1 })),
          row,
        );
        expect(straight.degreeRight + straight.degreeWrong).toBe(hits(straight));
        expect([turned.degreeRight, turned.degreeWrong]).toEqual([straight.degreeWrong, straight.degreeRight]);
      }),
    );
  });

  test('hits are claims and reasons alike; what is invented is off the item; F1 lies between 0 and 1', () => {
    fc.assert(
      fc.property(facts, claims, (row, list) => {
        const counts = countClaims(list, row);
        expect(hits(counts)).toBeLessThanOrEqual(Math.min(counts.claims, counts.reasons));
        expect(counts.invented).toBeLessThanOrEqual(counts.offItem);
        expect(counts.offItem).toBeLessThanOrEqual(counts.claims);
        expect(explanationF1(counts)).toBeGreaterThanOrEqual(0);
        expect(explanationF1(counts)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('with every sign turned round, a named reason is right where it was wrong', () => {
    fc.assert(
      fc.property(facts, fc.uniqueArray(attribute), fc.array(sign, { minLength: 7, maxLength: 7 }), (row, attributes, signs) => {
        const list = attributes.map((a) => claim(a, signs[a]!));
        const [straight, turned] = [list, list.map((one) => claim(Number(one.value.slice(1)), one.sign === 1 ? -1 : 1))].map((each) =>
          countClaims(each, row),
        );
        const wrong = straight!.forAsAgainst + straight!.againstAsFor;
        expect(hits(turned!)).toBe(wrong);
        expect(turned!.claims).toBe(straight!.claims);
      }),
    );
  });

  test('saying just the true reasons is perfect; adding any other claim is worse', () => {
    fc.assert(
      fc.property(facts, claims, (row, more) => {
        const reasons = [...row.reasons].map(([key, reason]) => ({ field: key.split('\n')[0]!, value: key.split('\n')[1]!, ...reason }));
        expect(explanationF1(countClaims(reasons, row))).toBe(1);
        expect(countClaims(reasons, row)).toMatchObject({ degreeRight: row.reasons.size, degreeWrong: 0 });
        const all = countClaims([...reasons, ...more], row);
        expect(explanationF1(all) < 1).toBe(all.claims > reasons.length);
      }),
    );
  });

  test('contradicting claims are two, of which one is right', () => {
    const counts = countClaims([claim(1, 1), claim(1, -1)], factsOf([[1, -1]], [1]));
    expect([counts.claims, hits(counts), counts.againstAsFor]).toEqual([2, 1, 1]);
  });

  test('an attribute is invented where neither item nor visible history has it', () => {
    const row = factsOf([], [1], [2]);
    const at = (a: number) => countClaims([claim(a, 1)], row);
    expect([at(1), at(2), at(3)].map(({ offItem, invented }) => [offItem, invented])).toEqual([
      [0, 0],
      [1, 0],
      [1, 1],
    ]);
  });

  test('an empty text is silent and counts its row’s reasons; a sentence that is no claim is malformed', () => {
    const row = factsOf([[1, 1]], [1]);
    expect(countText('', row)).toEqual({ ...Object.fromEntries(COUNTS.map((name) => [name, 0])), rows: 1, reasons: 1, silent: 1 });
    expect(countText('nothing stands out.', row)).toMatchObject({ silent: 1, malformed: 0 });
    expect(countText('horror bores me', row)).toMatchObject({ silent: 1, malformed: 1 });
    expect(explanationF1(countText('', factsOf([], [1])))).toBe(1);
  });
});

describe('explainers compared', () => {
  const rows = expected.claims.truth.map((reasons) => factsOf(reasons, [0, 1, 2, 3, 4, 5, 6, 7]));
  const perfect = rows.map((row) =>
    countClaims(
      [...row.reasons].map(([key, reason]) => claim(Number(key.slice(-1)), reason.sign, reason.strength)),
      row,
    ),
  );
  const half = rows.map((row, at) => (at % 2 === 0 ? perfect[at]! : countClaims([], row)));
  const silent = rows.map((row) => countClaims([], row));

  test('figures without anything to count are null, not zero; silence has no precision', () => {
    const quality = compare({ silent }).quality.get('silent')!;
    expect(quality).toMatchObject({
      precision: null,
      precisionInterval: null,
      recall: 0,
      f1: 0,
      polarityAccuracy: null,
      signAuc: null,
      degreeAccuracy: null,
      silentShare: 1,
    });
  });

  test('always claiming in favor has the share of reasons in favor as polarity accuracy and 0.5 as AUC of the signs', () => {
    const always = rows.map((row) =>
      countClaims(
        [...row.reasons.keys()].map((key) => claim(Number(key.slice(-1)), 1)),
        row,
      ),
    );
    const reasons = rows.flatMap((row) => [...row.reasons.values()]);
    const found = compare({ always }).quality.get('always')!;
    expect(found.polarityAccuracy).toBeCloseTo(reasons.filter((reason) => reason.sign > 0).length / reasons.length, 12);
    expect(found.signAuc).toBe(0.5);
  });

  test('the degree’s accuracy is a share of right claims', () => {
    const strong = rows.map((row) =>
      countClaims(
        [...row.reasons].map(([key, reason], at) => claim(Number(key.slice(-1)), reason.sign, at === 0 ? 2 : 1)),
        row,
      ),
    );
    const reasons = rows.reduce((sum, row) => sum + row.reasons.size, 0); // all of strength 1
    const found = compare({ strong }, 200).quality.get('strong')!;
    const share = 1 - rows.filter((row) => row.reasons.size > 0).length / reasons;
    expect(found).toMatchObject({ precision: 1, degreeAccuracy: share });
    expect(found.degreeAccuracyInterval![0]).toBeLessThan(share);
    expect(found.degreeAccuracyInterval![1]).toBeGreaterThan(share);
  });

  test('differences are paired: of an explainer with itself they are zero; the gap that half of the way closes is its share', () => {
    const compared = compare({ silent, half, perfect }, 200);
    expect(compared.difference('half', 'half')).toEqual({ f1: 0, f1Interval: [0, 0] });
    expect(compared.difference('perfect', 'silent')).toEqual({ f1: 1, f1Interval: [1, 1] });
    const { f1, f1Interval } = compared.quality.get('half')!;
    expect(compared.gapClosed('half', 'silent', 'perfect')).toEqual({ share: f1, interval: f1Interval });
    expect(f1Interval![0]).toBeLessThan(f1!);
    expect(f1Interval![1]).toBeGreaterThan(f1!);
  });
});

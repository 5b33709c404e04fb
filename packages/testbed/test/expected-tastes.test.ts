import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectedTastes, generateWorld, type Met } from '../src/index.js';
import { FIELD_OF, FIELD_COUNT, MEANING_OF, VALUE_COUNT } from '../src/world/vocabulary.js';

/** Written by tools/oracles/testbed_world.py. */
interface Fixture {
  readonly meanings: number[];
  readonly cases: { values: number[][]; labels: number[]; fieldWeights: number[]; tastes: number[] }[];
}
const fixture = JSON.parse(await readFile(join(import.meta.dirname, 'fixtures', 'expected-tastes.json'), 'utf8')) as Fixture;

const valuesOfField = Array.from({ length: FIELD_COUNT }, (_, field) =>
  Array.from({ length: VALUE_COUNT }, (__, value) => value).filter((value) => FIELD_OF[value] === field),
);
const item = fc.tuple(...valuesOfField.map((values) => fc.constantFrom(...values)));
const history = fc
  .array(fc.tuple(item, fc.constantFrom(0, 1)), { minLength: 1, maxLength: 20 })
  .map((rows): Met => ({ values: rows.map(([values]) => values), labels: rows.map(([, label]) => label) }));
const weights = fc.array(fc.double({ min: 0.1, max: 2, noNaN: true }), { minLength: FIELD_COUNT, maxLength: FIELD_COUNT });
const isMet = ({ values }: Met, value: number): boolean => values.some((own) => own.includes(value));

describe('expected tastes are those of numpy', () => {
  test('values mean what it says that they mean', () => {
    expect(MEANING_OF).toEqual(fixture.meanings);
  });

  test.each(fixture.cases.map((one) => [one.labels.length, one] as const))('after %d items', (_, { tastes, fieldWeights, ...met }) => {
    const found = expectedTastes(met, fieldWeights);
    const error = tastes.map((taste, value) => Math.abs(found[value]! - taste));
    expect(Math.max(...error)).toBeLessThan(1e-8);
    if (new Set(fieldWeights).size === 1) expect(found).toEqual(expectedTastes(met));
  });
});

describe('what is expected of a taste', () => {
  test('is the opposite where all labels are', () => {
    fc.assert(
      fc.property(history, weights, (met, fieldWeights) => {
        const expected = expectedTastes(met, fieldWeights);
        const flipped = expectedTastes({ ...met, labels: met.labels.map((label) => 1 - label) }, fieldWeights);
        expected.forEach((taste, value) => expect(flipped[value]).toBeCloseTo(-taste, 9));
      }),
    );
  });

  test('is that of its kin where the value was never met: the same for all of a meaning', () => {
    fc.assert(
      fc.property(history, weights, (met, fieldWeights) => {
        const expected = expectedTastes(met, fieldWeights);
        const byMeaning = new Map<number, number>();
        expected.forEach((taste, value) => {
          if (isMet(met, value)) return;
          const meaning = MEANING_OF[value]!;
          expect(taste).toBe(byMeaning.get(meaning) ?? taste);
          byMeaning.set(meaning, taste);
        });
      }),
    );
    const [liked, kin] = [0, 1]; // two genres of one meaning
    expect(MEANING_OF[liked]).toBe(MEANING_OF[kin]);
    const others = valuesOfField.slice(1).map((values) => values.find((value) => MEANING_OF[value] === 7)!);
    const expected = expectedTastes({ values: [[liked, ...others]], labels: [1] });
    expect(expected[kin]).toBeGreaterThan(0);
    expect(expected[liked]).toBeGreaterThan(expected[kin]!);
  });

  test('is 0 of everything where nothing was met, and of a meaning that no item touched', () => {
    expect([...expectedTastes({ values: [], labels: [] })]).toEqual(Array<number>(VALUE_COUNT).fill(0));
    fc.assert(
      fc.property(history, weights, (met, fieldWeights) => {
        const touched = new Set(met.values.flat().map((value) => MEANING_OF[value]));
        const expected = expectedTastes(met, fieldWeights);
        expected.forEach((taste, value) => {
          if (!touched.has(MEANING_OF[value])) expect(taste).toBe(0);
        });
      }),
    );
  });

  test('does not depend on the order of what was met', () => {
    fc.assert(
      fc.property(history, weights, (met, fieldWeights) => {
        const reversed = { values: [...met.values].reverse(), labels: [...met.labels].reverse() };
        const expected = expectedTastes(met, fieldWeights);
        expectedTastes(reversed, fieldWeights).forEach((taste, value) => expect(taste).toBeCloseTo(expected[value]!, 8));
      }),
    );
  });

  test('comes nearer to the true tastes with the weights of the platform than without, and without than a guess', () => {
    const world = generateWorld({ seed: 5, users: 60, items: 150 });
    const errors = [0, 0, 0];
    for (let at = 0; at < 60; at += 1) {
      const { rows, tastes } = world.user(at);
      const met = { values: rows.map((row) => world.items[row.item]!.values), labels: rows.map(({ label }) => label) };
      const guesses = [expectedTastes(met, world.fieldWeights!), expectedTastes(met), new Float64Array(VALUE_COUNT)];
      guesses.forEach((guess, which) => tastes[0]!.forEach((taste, value) => (errors[which]! += (taste - guess[value]!) ** 2)));
    }
    expect(errors[0]).toBeLessThan(errors[1]!);
    expect(errors[1]).toBeLessThan(0.7 * errors[2]!);
  });
});

import { createRng } from '@expctr/core';
import { auc } from '@expctr/ctr-models';
import { rowsOf } from '@expctr/data';
import { generateWorld, prepareWorld, type WorldOptions } from '@expctr/testbed';
import { describe, expect, test } from 'vitest';
import { ceilingsOf } from '../../src/quality/ceiling/ceilings.js';
import { knownWorld } from '../../src/quality/ceiling/known-world.js';
import type { VisibleHistoryCeiling } from '../../src/quality/ceiling/visible-history.js';
import { countClaims, explanationF1, hits } from '../../src/quality/claim-counts.js';
import { createFacts } from '../../src/quality/facts.js';
import type { RunData } from '../../src/read/run-data.js';

type Options = Omit<WorldOptions, 'seed'>;

/** As much of a run as ceilings look at. */
function runOf(options: Options, config: Readonly<Record<string, unknown>> = {}) {
  const made = { users: 120, items: 150, ...options };
  const { interactions, items, truth } = prepareWorld(generateWorld({ seed: 2, ...made }), { kCore: 0, history: { length: 30 } });
  const run = { interactions, items, truth, config: { dataset: 'testbed', seed: 2, data: made, ...config } };
  const rows = [...rowsOf(interactions, 'train', 'ctr'), ...rowsOf(interactions, 'test')];
  return { run: run as Partial<RunData> as RunData, interactions, truth, facts: createFacts(interactions, items, truth), rows };
}

function judge({ interactions, facts, rows }: ReturnType<typeof runOf>, ceiling: VisibleHistoryCeiling) {
  const counts = rows.map((row) => countClaims(ceiling.claims(row), facts(row)));
  const sum = (of: (c: (typeof counts)[number]) => number): number => counts.reduce((total, c) => total + of(c), 0);
  const [right, wrong] = [sum((c) => c.degreeRight), sum((c) => c.degreeWrong)];
  const labels = rows.map((row) => interactions.label[row]!);
  return {
    f1: (2 * sum(hits)) / sum((c) => c.claims + c.reasons),
    auc: auc(
      labels,
      rows.map((row) => ceiling.click(row)),
    ),
    degree: right / (right + wrong),
    counts,
  };
}

const ceilings = (made: ReturnType<typeof runOf>, rng = createRng(1)) => ceilingsOf(made.run, made.truth, made.facts, made.rows, rng);

describe('a world with meanings', () => {
  const made = runOf({});
  const found = ceilings(made);
  const [both, meanings] = [found.best, found.meanings!].map((ceiling) => judge(made, ceiling));

  test('allows more to one who knows its weights than to one who does not, to whom more than to trees, and to no one all', () => {
    expect(found.kind).toBe('both');
    const trees = ceilings(runOf({}, { seed: 3 })); // the wrong world: nothing is known
    expect(trees).toMatchObject({ kind: 'history', meanings: null });
    const sharing = runOf({}, { seed: 3, data: { users: 120, items: 150, worldSeed: 2 } });
    expect(knownWorld(sharing.run)).toEqual(knownWorld(made.run)); // another seed, the same world
    expect(knownWorld(sharing.run)).not.toBeNull();
    const estimate = judge(made, trees.best);
    const bayes = auc(
      made.rows.map((row) => made.interactions.label[row]!),
      made.rows.map((row) => made.truth[row]!.bayesProbability),
    );
    expect(both!.f1).toBeGreaterThan(meanings!.f1 + 0.03);
    expect(meanings!.f1).toBeGreaterThan(estimate.f1 + 0.02);
    expect(both!.f1).toBeLessThan(0.9);
    expect(bayes).toBeGreaterThan(both!.auc + 0.02);
    expect(both!.auc).toBeGreaterThan(meanings!.auc + 0.02);
    expect(meanings!.auc).toBeGreaterThan(estimate.auc);
  });

  test('its degrees are better than one and the same for all', () => {
    const reasons = made.rows.flatMap((row) => [...made.facts(row).reasons.values()]);
    const strong = reasons.filter(({ strength }) => strength === 2).length / reasons.length;
    expect(both!.degree).toBeGreaterThan(Math.max(strong, 1 - strong));
    expect(both!.degree).toBeGreaterThan(meanings!.degree);
  });

  test('a flipped label, or a history without its newest items, tells less', () => {
    const { interactions } = made.run;
    const flipped = { ...made.run, interactions: { ...interactions, label: interactions.label.map((label) => 1 - label) } };
    const turned = ceilingsOf(flipped, made.truth, made.facts, made.rows, createRng(1));
    expect(judge(made, turned.best).auc).toBeCloseTo(1 - both!.auc, 10);
    const short = { ...interactions, historyOffsets: interactions.historyOffsets.slice() };
    short.history = Uint32Array.from(
      Array.from({ length: interactions.length }, (_, row) => {
        const own = [...interactions.history.subarray(interactions.historyOffsets[row], interactions.historyOffsets[row + 1])].slice(0, 4);
        short.historyOffsets[row + 1] = short.historyOffsets[row]! + own.length;
        return own;
      }).flat(),
    );
    const forgetful = ceilingsOf({ ...made.run, interactions: short }, made.truth, made.facts, made.rows, createRng(1));
    expect(judge(made, forgetful.best).auc).toBeLessThan(both!.auc - 0.03);
  });

  test('what is said of a user does not depend on their own truth, and is the same at every reading', () => {
    const [first = 0] = made.rows;
    const user = made.interactions.user[first];
    const lied = (row: number) => {
      const facts = made.facts(row);
      return made.interactions.user[row] === user ? { ...facts, reasons: new Map<string, { sign: 1; strength: 2 }>() } : facts;
    };
    const [again, other] = [made.facts, lied].map((facts) => ceilingsOf(made.run, made.truth, facts, made.rows, createRng(1)).best);
    for (const row of made.rows.filter((one) => made.interactions.user[one] === user)) {
      expect(other!.claims(row)).toEqual(found.best.claims(row));
      expect(again!.claims(row)).toEqual(found.best.claims(row));
      expect(other!.click(row)).toBe(found.best.click(row));
    }
  });

  test('claims are of the item, each with a degree; most explanations say something right', () => {
    for (const row of made.rows.slice(0, 50)) {
      const { item } = made.facts(row);
      for (const { field, value, strength } of found.best.claims(row)) {
        expect(item).toContain(`${field}\n${value}`);
        expect([1, 2]).toContain(strength);
      }
    }
    expect(both!.counts.filter((one) => explanationF1(one) > 0).length / both!.counts.length).toBeGreaterThan(0.9);
  });
});

describe('what is known of a run’s world', () => {
  test('its weights, and what its items are, in the second domain, too', () => {
    const { run, interactions } = runOf({ secondDomain: true });
    const world = generateWorld({ seed: 2, users: 120, items: 150, secondDomain: true });
    const known = knownWorld(run)!;
    expect(known.fieldWeights).toEqual(world.fieldWeights);
    const item = interactions.item[7]!;
    const named = known.values[item]!.map((value) => known.attributes[value]);
    expect(named).toEqual(Object.entries(run.items.attributes).map(([field, lists]) => `${field}\n${lists[item]!.join()}`));
  });

  test.each<[string, Options, Readonly<Record<string, unknown>>]>([
    ['independent tastes', { tastes: 'independent' }, {}],
    ['a second intent', { secondIntent: true }, {}],
    ['another dataset', {}, { dataset: 'movielens' }],
    ['a configuration without options', {}, { data: {} }],
    ['options that no world has', {}, { data: { users: -1 } }],
    ['fewer users than the rows have', {}, { data: { users: 50, items: 150 } }],
    ['another seed', {}, { seed: 1 }],
    ['no seed', {}, { seed: null }],
  ])('nothing is known with %s', (_, options, config) => {
    expect(knownWorld(runOf(options, config).run)).toBeNull();
  });

  test('nothing is known of a run without a truth', () => {
    expect(knownWorld({ ...runOf({}).run, truth: null })).toBeNull();
  });
});

import { createRng } from '@expctr/core';
import { auc } from '@expctr/ctr-models';
import type { Interactions, Items, TruthRow } from '@expctr/data';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bestCut, bestThreshold, claimsAbove, probableReasons, type JudgedRow } from '../../src/quality/ceiling/best-claims.js';
import { fitBoostedTrees } from '../../src/quality/ceiling/boosted-trees.js';
import { visibleHistoryCeiling } from '../../src/quality/ceiling/visible-history.js';
import { countClaims, hits } from '../../src/quality/claim-counts.js';
import { createFacts } from '../../src/quality/facts.js';
import { expected, factsOf } from './support.js';

describe('boosted trees', () => {
  test('are those of scikit-learn’s HistGradientBoostingClassifier', () => {
    const { features, label, probability } = expected.trees;
    const width = features[0]!.length;
    const flat = Float64Array.from(features.flat());
    const options = { learningRate: 0.2, trees: 15, depth: 3, minimumRows: 10, l2: 1.5 };
    const found = fitBoostedTrees({ features: flat, width, target: label }, options)(flat);
    found.forEach((p, row) => expect(p).toBeCloseTo(probability[row]!, 5));
  });

  test('give probabilities for anything, constant features and all-equal targets included', () => {
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(value, fc.constantFrom(0, 0.5, 1)), { minLength: 1, maxLength: 40 }), value, (rows, asked) => {
        const features = Float64Array.from(rows.flatMap(([x]) => [x, 3]));
        const predict = fitBoostedTrees({ features, width: 2, target: rows.map(([, y]) => y) }, { trees: 5, minimumRows: 1 });
        const [p] = predict(Float64Array.of(asked, 3));
        expect(p).toBeGreaterThan(0);
        expect(p).toBeLessThan(1);
      }),
    );
  });

  test('say 0.5 where there is no row to fit', () => {
    const rows = { features: Float64Array.of(1, 2), width: 1, target: [1, 0], held: [1, 1] };
    expect([...fitBoostedTrees(rows)(Float64Array.of(7))]).toEqual([0.5]);
  });

  test('stop early on held rows where there is nothing to learn', () => {
    const rng = createRng(2);
    const features = Float64Array.from({ length: 2000 }, () => rng.next());
    const target = Array.from({ length: 2000 }, () => rng.int(2));
    const held = target.map((_, row) => (row % 4 === 0 ? 1 : 0));
    const range = (p: Float64Array): number => Math.max(...p) - Math.min(...p);
    const stopped = fitBoostedTrees({ features, width: 1, target, held }, { minimumRows: 2 })(features);
    const greedy = fitBoostedTrees({ features, width: 1, target }, { minimumRows: 2 })(features);
    expect(range(stopped)).toBeLessThan(range(greedy) / 2);
  });
});

describe('what to claim', () => {
  const posterior = (probabilities: readonly number[]) => ({
    inFavor: Float64Array.from(probabilities, Math.abs),
    against: new Float64Array(probabilities.length),
  });

  test('the threshold has the best F1 of all thresholds', () => {
    const row = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.boolean()), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 6 }), (rows) => {
        const judged = rows.map((list) => {
          const facts = factsOf(
            list.flatMap(([, isReason], at) => (isReason ? [[at, 1] as const] : [])),
            list.map((_, at) => at),
          );
          return { facts, candidates: probableReasons(facts, posterior(list.map(([tenth]) => tenth / 10))) };
        });
        const f1At = (threshold: number): number => {
          const counts = judged.map(({ facts, candidates }) => countClaims(claimsAbove(candidates, threshold), facts));
          const sum = (of: (c: (typeof counts)[number]) => number): number => counts.reduce((total, c) => total + of(c), 0);
          return (
            (2 * sum(hits)) /
            Math.max(
              1,
              sum((c) => c.claims + c.reasons),
            )
          );
        };
        const best = f1At(bestThreshold(judged));
        for (let tenth = 1; tenth <= 10; tenth += 1) expect(best).toBeGreaterThanOrEqual(f1At(tenth / 10) - 1e-12);
      }),
    );
  });

  test('the cut between degrees has the most right degrees of all cuts', () => {
    const one = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.constantFrom(1 as const, 2 as const), fc.constantFrom(1 as const, -1 as const));
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 12 }), (list) => {
        const facts = factsOf(
          list.map(([, strength], at) => [at, 1, strength]),
          list.map((_, at) => at),
        );
        const candidates = [...facts.reasons.keys()].map((attribute, at) => ({
          attribute,
          sign: list[at]![2],
          score: 1,
          size: list[at]![0],
        }));
        const judged: JudgedRow[] = [{ facts, candidates }];
        const rightAt = (cut: number): number => countClaims(claimsAbove(candidates, 0, cut), facts).degreeRight;
        const best = rightAt(bestCut(judged));
        for (const cut of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, Infinity]) expect(best).toBeGreaterThanOrEqual(rightAt(cut));
      }),
    );
  });
});

/**
 * A world whose answer is known. A user likes (0.4), dislikes (0.4) or does not mind (0.2) each of six attributes; every item has one.
 * A label follows the taste; without one it is a coin. The visible history of a test row is two earlier items: with `seen`, one of
 * them has the target's attribute.
 */
function toyWorld(users: number, seen: boolean) {
  const attributes = 6;
  const rng = createRng('toy');
  const rows: { user: number; item: number; label: number; history: number[] }[] = [];
  const truth: TruthRow[] = [];
  for (let user = 0; user < users; user += 1) {
    const tastes = Array.from({ length: attributes }, () => [1, 1, 0, -1, -1][rng.int(5)]!);
    const act = (item: number, history: number[]): number => {
      const taste = tastes[item]!;
      const label = taste === 0 ? rng.int(2) : taste > 0 ? 1 : 0;
      const value = `v${item}`;
      truth.push({
        interactionId: rows.length,
        bayesProbability: (1 + taste) / 2,
        reasons: taste === 0 ? [] : [{ field: 'field', value, contribution: 2 * taste }],
      });
      return rows.push({ user, item, label, history }) - 1;
    };
    const [target = 0, other = 0, third = 0] = rng.shuffle([0, 1, 2, 3, 4, 5]);
    const past = [act(seen ? target : third, []), act(other, [])];
    act(target, past);
  }
  const offsets = new Uint32Array(rows.length + 1);
  rows.forEach(({ history }, row) => (offsets[row + 1] = offsets[row]! + history.length));
  const items: Items = {
    length: attributes,
    itemIds: Array.from({ length: attributes }, (_, item) => `i${item}`),
    title: Array.from({ length: attributes }, () => ''),
    attributes: { field: Array.from({ length: attributes }, (_, item) => [`v${item}`]) },
    year: new Float32Array(attributes),
  };
  const interactions: Interactions = {
    length: rows.length,
    interactionId: Uint32Array.from(rows.keys()),
    user: Int32Array.from(rows, ({ user }) => user),
    item: Int32Array.from(rows, ({ item }) => item),
    userIds: Array.from({ length: users }, (_, user) => `u${user}`),
    itemIds: items.itemIds,
    label: Uint8Array.from(rows, ({ label }) => label),
    rating: new Float32Array(rows.length),
    timestamp: new Float64Array(rows.length),
    split: new Uint8Array(rows.length),
    slice: new Uint8Array(rows.length),
    historyOffsets: offsets,
    history: Uint32Array.from(rows.flatMap(({ history }) => history)),
  };
  return {
    interactions,
    items,
    truth,
    facts: createFacts(interactions, items, truth),
    rows: Array.from({ length: users }, (_, user) => 3 * user + 2),
  };
}

function judge(world: ReturnType<typeof toyWorld>) {
  const ceiling = visibleHistoryCeiling({ ...world, rng: createRng(1) });
  const counts = world.rows.map((row) => countClaims(ceiling.claims(row), world.facts(row)));
  const sum = (of: (c: (typeof counts)[number]) => number): number => counts.reduce((total, c) => total + of(c), 0);
  return {
    f1: (2 * sum(hits)) / sum((c) => c.claims + c.reasons),
    auc: auc(
      world.rows.map((row) => world.interactions.label[row]!),
      world.rows.map((row) => ceiling.click(row)),
    ),
  };
}

describe('the ceiling in a world whose answer is known', () => {
  test('one earlier item with the attribute: its label is claimed, right in 4 of 5 rows; F1 8/9, AUC 0.9', () => {
    // P(liked | label 1) = 0.4 / (0.4 + 0.1) = 0.8: one claim a row, 0.8 of them right, 0.8 reasons a row: F1 = 2 * 0.8 / 1.8.
    // P(label 1 | earlier label 1) = 0.8 + 0.2 / 2 = 0.9, and 0.1 after a dislike: AUC = 0.9.
    const found = judge(toyWorld(2000, true));
    expect(found.f1).toBeCloseTo(8 / 9, 1);
    expect(Math.abs(found.f1 - 8 / 9)).toBeLessThan(0.02);
    expect(Math.abs(found.auc - 0.9)).toBeLessThan(0.025);
  });

  test('nothing seen of the attribute: either sign is right in 2 of 5 rows; F1 4/9, AUC 0.5', () => {
    const found = judge(toyWorld(2000, false));
    expect(Math.abs(found.f1 - 4 / 9)).toBeLessThan(0.04);
    expect(Math.abs(found.auc - 0.5)).toBeLessThan(0.04);
  });

  test('is the same at every reading, and does not depend on the truth of the user that is asked about', () => {
    const world = toyWorld(400, true);
    const [a, b] = [1, 2].map(() => visibleHistoryCeiling({ ...world, rng: createRng(1) }));
    const [first = 0] = world.rows;
    const changed = world.truth.map((row) => (row.interactionId === first ? { ...row, bayesProbability: 0.001, reasons: [] } : row));
    const other = visibleHistoryCeiling({
      ...world,
      truth: changed,
      facts: createFacts(world.interactions, world.items, changed),
      rng: createRng(1),
    });
    expect(world.rows.map((row) => a!.click(row))).toEqual(world.rows.map((row) => b!.click(row)));
    expect(other.click(first)).toBe(a!.click(first));
    expect(other.claims(first)).toEqual(a!.claims(first));
  });
});

import { createRng } from '@expctr/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { prepareTables, type PreparedDataset } from '../src/prepare/prepare-tables.js';
import type { DataOptionsInput } from '../src/prepare/options.js';
import { leaveLastCounts } from '../src/prepare/splits.js';
import { createWeightedDraw } from '../src/prepare/weighted-draw.js';
import { historyOf, rowsOf, SPLITS, type Interactions } from '../src/schemas/interactions.js';
import type { RawTables } from '../src/sources/raw-tables.js';
import { rawTables, twoClassRows, type RawRow } from './support/raw.js';

const prepare = (raw: RawTables, data: DataOptionsInput = {}, seed = 0): PreparedDataset =>
  prepareTables(raw, { dataset: 'test', data: { kCore: 0, ...data }, seed });
const rowsWithUser = ({ user, length }: Interactions, wanted: number): number[] =>
  Array.from({ length }, (_, row) => row).filter((row) => user[row] === wanted);

test('user-mean: 1 above the mean of the user’s own train ratings, whatever validation and test hold', () => {
  fc.assert(
    fc.property(twoClassRows, (rows) => {
      const { interactions } = prepare(rawTables([...rows, [80, 1, 2, 0], [80, 2, 4, 9e7]]), { label: 'user-mean' });
      const mean = (some: readonly number[]): number => some.reduce((sum, row) => sum + interactions.rating[row]!, 0) / some.length;
      for (let user = 0; user < interactions.userIds.length; user += 1) {
        const own = rowsWithUser(interactions, user);
        const train = mean(own.filter((row) => interactions.split[row] === 0));
        for (const row of own) expect(interactions.label[row]).toBe(interactions.rating[row]! > train ? 1 : 0);
      }
    }),
  );
});

test('changing a test rating changes no label but its own, under user-mean', () => {
  const rows: RawRow[] = Array.from({ length: 10 }, (_, i) => [1, i, 1 + (i % 5), i * 9e7]);
  const changed: RawRow[] = rows.map((row, i) => (i === 9 ? [row[0], row[1], 5 - row[2] + 1, row[3]] : row));
  const [before, after] = [rows, changed].map((some) => prepare(rawTables(some), { label: 'user-mean' }).interactions.label);
  expect([...before!].slice(0, 9)).toEqual([...after!].slice(0, 9));
});

test('a rating is at least the threshold that is written as it is, whichever way float32 rounds it', () => {
  const tenths = Array.from({ length: 50 }, (_, i) => (i + 1) / 10);
  for (const threshold of [0.7, 2.3, 3.7, 4.1, 4.3]) {
    const rows = tenths.map((rating, i): RawRow => [i % 5, i, rating, i * 9e7]);
    const { interactions, card } = prepare(rawTables(rows), { threshold });
    for (let row = 0; row < interactions.length; row += 1) {
      const written = tenths[Number(interactions.itemIds[interactions.item[row]!]!.slice(1))]!;
      expect([written, interactions.label[row]]).toEqual([written, written >= threshold ? 1 : 0]);
    }
    const at = tenths.indexOf(threshold);
    expect(card.labelRateAtThreshold).toEqual(Object.fromEntries([-1, 0, 1].map((by) => [String(tenths[at + by]), (50 - at - by) / 50])));
  }
});

test('a user without train rows is measured by the mean of all train ratings', () => {
  const rows: RawRow[] = Array.from({ length: 40 }, (_, i) => [i % 8, Math.floor(i / 8), 1 + (i % 5), i * 9e7]);
  const { interactions, card } = prepare(rawTables(rows), { label: 'user-mean', split: 'by-user' });
  const train = rowsOf(interactions, 'train');
  const mean = train.reduce((sum, row) => sum + interactions.rating[row]!, 0) / train.length;
  for (const row of rowsOf(interactions, 'test')) expect(interactions.label[row]).toBe(interactions.rating[row]! > mean ? 1 : 0);
  expect(card.label).toEqual({ rule: 'user-mean', threshold: null });
});

/** Items that only one user has met, so that everyone else can be given negatives. */
const others: RawRow[] = Array.from({ length: 6 }, (_, i) => [91, 20 + i, 5, i * 86_400_000]);

const implicit = (rows: readonly RawRow[], data: DataOptionsInput = {}): PreparedDataset =>
  prepare(rawTables([...rows, ...others]), { label: 'implicit', ...data });

test('negatives: as many as asked for, label 0, no rating, beside a positive of the same user, time, split and slice, and in no history', () => {
  fc.assert(
    fc.property(twoClassRows, fc.integer({ min: 0, max: 2 }), fc.integer({ min: 1, max: 2 }), (rows, train, evaluation) => {
      const positives = prepare(rawTables([...rows, ...others]), {}).interactions;
      const { interactions, card } = implicit(rows, { negatives: { train, evaluation } });
      let positive = -1;
      for (let row = 0; row < interactions.length; row += 1) {
        const sampled = Number.isNaN(interactions.rating[row]!);
        if (!sampled) positive = row;
        expect(interactions.label[row]).toBe(sampled ? 0 : 1);
        for (const column of ['user', 'timestamp', 'split', 'slice'] as const) {
          expect(interactions[column][row]).toBe(interactions[column][positive]);
        }
        for (const earlier of historyOf(interactions, row)) expect(interactions.label[earlier]).toBe(1);
      }
      const step = card.steps.find(({ step: name }) => name === 'negatives')!;
      const wanted = rowsOf(positives, 'train').length * train + (positives.length - rowsOf(positives, 'train').length) * evaluation;
      const missing = Number(/^(\d+) negatives could not/mu.exec(card.notes.join('\n'))?.[1] ?? 0);
      expect(step.added).toBe(wanted - missing);
      expect(interactions.length).toBe(positives.length + step.added!);
    }),
    { numRuns: 60 },
  );
});

test('train negatives are no train positive of the user, evaluation negatives no positive at all, and none comes twice in a split', () => {
  let laterPositiveDrawn = false;
  fc.assert(
    fc.property(twoClassRows, fc.constantFrom('uniform' as const, 'popularity' as const), (rows, by) => {
      const { interactions } = implicit(rows, { negatives: { train: 2, evaluation: 2, by } });
      for (let user = 0; user < interactions.userIds.length; user += 1) {
        const own = rowsWithUser(interactions, user);
        const itemsWhere = (label: number, splits: readonly number[]): number[] =>
          own
            .filter((row) => interactions.label[row] === label && splits.includes(interactions.split[row]!))
            .map((row) => interactions.item[row]!);
        const trainNegatives = itemsWhere(0, [0]);
        for (const item of trainNegatives) expect(itemsWhere(1, [0])).not.toContain(item);
        if (trainNegatives.some((item) => itemsWhere(1, [1, 2]).includes(item))) laterPositiveDrawn = true;
        for (const split of [1, 2]) for (const item of itemsWhere(0, [split])) expect(itemsWhere(1, [0, 1, 2])).not.toContain(item);
        for (const split of [0, 1, 2]) expect(new Set(itemsWhere(0, [split])).size).toBe(itemsWhere(0, [split]).length);
      }
    }),
    { numRuns: 80 },
  );
  expect(laterPositiveDrawn).toBe(true); // to leave later positives out would tell the model what the user will choose
});

test('by popularity, items come in proportion to their train rows, and an item without train rows never', () => {
  const draw = createWeightedDraw(Float64Array.of(1, 0, 3, 0));
  const rng = createRng(1);
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 8000; i += 1) counts[draw(rng)]! += 1;
  expect(counts[1]! + counts[3]!).toBe(0);
  expect(counts[2]! / counts[0]!).toBeGreaterThan(2.7);
  expect(counts[2]! / counts[0]!).toBeLessThan(3.3);
});

test('a dataset whose zeros say nothing loses them, takes its own threshold, and keeps them as positives under implicit', () => {
  const rows: RawRow[] = Array.from({ length: 20 }, (_, i) => [i % 2, Math.floor(i / 2), [0, 7, 8, 10][i % 4]!, i * 9e7]);
  const raw: RawTables = { ...rawTables(rows), label: { threshold: 8, zerosAreImplicit: true } };
  const { interactions, card } = prepare(raw);
  expect(card.steps.find(({ step }) => step === 'implicit-zeros')).toMatchObject({ dropped: 5 });
  expect(new Set(interactions.rating)).toEqual(new Set([7, 8, 10]));
  expect(card.label).toEqual({ rule: 'threshold', threshold: 8 });
  expect(Object.keys(card.labelRateAtThreshold)).toEqual(['7', '8', '10']);
  expect(card.labelRateAtThreshold['7']).toBe(1);
  expect(card.labelRateAtThreshold['8']).toBeCloseTo(10 / 15, 12);
  expect(prepare(raw, { label: 'implicit' }).interactions.rating.filter((rating) => rating === 0)).toHaveLength(5);
  expect(prepare(raw, { label: 'implicit', threshold: 8 }).card.steps.find(({ step }) => step === 'below-threshold')?.dropped).toBe(10);
});

test('leave-last: the last n rows are test, the n before them valid, one train row stays', () => {
  expect([1, 2, 3, 4, 9].map((n) => Object.values(leaveLastCounts(n, 2)))).toEqual([
    [1, 0, 0],
    [1, 0, 1],
    [1, 0, 2],
    [1, 1, 2],
    [5, 2, 2],
  ]);
  const rows: RawRow[] = Array.from({ length: 8 }, (_, i) => [1, i, 1 + (i % 5), i * 9e7]);
  const { split } = prepare(rawTables(rows), { split: 'leave-last', leaveLast: 2 }).interactions;
  expect([...split]).toEqual([0, 0, 0, 0, 1, 1, 2, 2]);
});

const many: RawRow[] = Array.from({ length: 400 }, (_, i) => [i % 20, Math.floor(i / 20), 1 + (i % 5), i * 9e7]);

test('random splits follow the seed and the counts; a train row sees no evaluation row, an evaluation row only earlier train rows', () => {
  const { interactions } = prepare(rawTables(many), { split: 'random' }, 3);
  expect(SPLITS.map((name) => rowsOf(interactions, name).length)).toEqual([320, 40, 40]);
  expect(prepare(rawTables(many), { split: 'random' }, 3).interactions.split).toEqual(interactions.split);
  expect(prepare(rawTables(many), { split: 'random' }, 4).interactions.split).not.toEqual(interactions.split);
  const online = prepare(rawTables(many), { split: 'random', history: { online: true } }, 3).interactions;
  let seen = 0;
  for (let row = 0; row < interactions.length; row += 1) {
    for (const earlier of historyOf(interactions, row)) expect(interactions.split[earlier]).toBe(0);
    const own = rowsWithUser(online, online.user[row]!).filter((other) => online.timestamp[other]! < online.timestamp[row]!);
    const allowed = online.split[row] === 0 ? own.filter((other) => online.split[other] === 0) : own;
    expect([...historyOf(online, row)]).toEqual(allowed.slice(-20));
    seen += allowed.length;
  }
  expect(seen).toBeGreaterThan(0);
});

test('by-user splits keep users whole; cold rows and train counts say so', () => {
  const { interactions, users, items, card } = prepare(rawTables(many), { split: 'by-user' }, 1);
  for (let user = 0; user < 20; user += 1) {
    expect(new Set(rowsWithUser(interactions, user).map((row) => interactions.split[row])).size).toBe(1);
  }
  expect(SPLITS.map((name) => card.splits[name]!.users)).toEqual([16, 2, 2]);
  expect(card.splits['test']).toMatchObject({ rows: 40, coldUserRows: 40, coldItemRows: 0 });
  expect(users.trainCount!.filter((count) => count === 0)).toHaveLength(4);
  expect([...items.trainCount!]).toEqual(Array<number>(20).fill(16));
  expect(card.longTail.items).toMatchObject({ count: 20, topFifthShare: 0.2 });
});

test('numbers are normalized by their train rows only', () => {
  const raw = rawTables(many);
  const price = Float32Array.from(raw.items.itemIds, (_, item) => (item === 3 ? NaN : item));
  const { interactions, items, card } = prepare({ ...raw, items: { ...raw.items, numbers: { price } } }, { split: 'global-time' });
  const train = [...rowsOf(interactions, 'train')]
    .map((row) => items.numbers!['price']![interactions.item[row]!]!)
    .filter((value) => !Number.isNaN(value));
  const mean = train.reduce((sum, value) => sum + value, 0) / train.length;
  const deviation = Math.sqrt(train.reduce((sum, value) => sum + (value - mean) ** 2, 0) / train.length);
  expect(card.numbers['item.price']!.known).toBe(train.length);
  expect(card.numbers['item.price']!.mean).toBeCloseTo(mean, 9);
  expect(card.numbers['item.price']!.deviation).toBeCloseTo(deviation, 9);
  expect(train.length).toBeLessThan(interactions.length);
});

test('a public catalogue is named in a note on contamination', () => {
  const { card } = prepare({ ...rawTables(many), catalogue: 'the films of MovieLens' });
  expect(card.notes.join()).toContain('Contamination: the films of MovieLens are public');
});

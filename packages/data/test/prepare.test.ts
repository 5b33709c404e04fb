import fc from 'fast-check';
import { expect, test } from 'vitest';
import { prepareTables, type PreparedDataset } from '../src/prepare/prepare-tables.js';
import type { DataOptionsInput } from '../src/prepare/options.js';
import { splitCounts } from '../src/prepare/splits.js';
import { historyOf, rowsOf, SLICES, SPLITS, type Interactions } from '../src/schemas/interactions.js';
import { ExpctrError } from '@expctr/core';
import { errorOf } from './support/errors.js';
import { rawTables, twoClassRows, type RawRow } from './support/raw.js';

const prepare = (
  rows: readonly RawRow[],
  data: DataOptionsInput = {},
  options: { timed?: boolean; items?: readonly number[]; seed?: number } = {},
): PreparedDataset => prepareTables(rawTables(rows, options), { dataset: 'test', data: { kCore: 0, ...data }, seed: options.seed ?? 0 });

/** Prepared, or undefined where the rows allow no dataset (every such refusal is typed). */
function tryPrepare(...args: Parameters<typeof prepare>): PreparedDataset | undefined {
  try {
    return prepare(...args);
  } catch (error) {
    expect(error).toBeInstanceOf(ExpctrError);
    expect((error as ExpctrError).code).toMatch(/^DATA_(ONE_CLASS|EMPTY_CORE)$/u);
    return undefined;
  }
}

function rowsByUser({ user, length }: Interactions): number[][] {
  const byUser = new Map<number, number[]>();
  for (let row = 0; row < length; row += 1) byUser.set(user[row]!, [...(byUser.get(user[row]!) ?? []), row]);
  return [...byUser.values()];
}

const splitNames = (interactions: Interactions, rows: readonly number[]): string[] => rows.map((row) => SPLITS[interactions.split[row]!]!);
const dataArbitrary = fc.record({
  kCore: fc.integer({ min: 0, max: 3 }),
  maxPerUser: fc.option(fc.integer({ min: 1, max: 12 })),
  split: fc.constantFrom('per-user' as const, 'global-time' as const),
  history: fc.record({
    length: fc.integer({ min: 0, max: 6 }),
    select: fc.constantFrom('recent' as const, 'similar' as const),
    online: fc.boolean(),
  }),
});

test('counts follow the formula, train first, then valid, then test, and one row of a user is a train row', () => {
  expect([1, 2, 3, 9, 15, 25, 100].map((n) => Object.values(splitCounts(n)))).toEqual([
    [1, 0, 0],
    [1, 0, 1],
    [1, 1, 1],
    [7, 1, 1],
    [11, 2, 2],
    [19, 3, 3],
    [80, 10, 10],
  ]);
});

test('per-user splits: no later row stands before an earlier one, counts by the formula, slices partition train by time', () => {
  fc.assert(
    fc.property(twoClassRows, (raw) => {
      const { interactions } = prepare(raw);
      for (const rows of rowsByUser(interactions)) {
        const { train, valid, test: last } = splitCounts(rows.length);
        expect(splitNames(interactions, rows)).toEqual([
          ...Array<string>(train).fill('train'),
          ...Array<string>(valid).fill('valid'),
          ...Array<string>(last).fill('test'),
        ]);
        expect(rows.map((row) => interactions.timestamp[row]!)).toEqual(
          rows.map((row) => interactions.timestamp[row]!).sort((a, b) => a - b),
        );
        const policy = Math.floor(train / 2);
        expect(rows.map((row) => SLICES[interactions.slice[row]!])).toEqual([
          ...Array<string>(policy).fill('policy'),
          ...Array<string>(train - policy).fill('ctr'),
          ...Array<null>(rows.length - train).fill(null),
        ]);
      }
    }),
  );
});

test('global-time splits: no row is older than any row of an earlier split, and the counts hold over all rows', () => {
  fc.assert(
    fc.property(twoClassRows, (raw) => {
      const dataset = tryPrepare(raw, { split: 'global-time' });
      if (dataset === undefined) return;
      const { interactions } = dataset;
      const times = SPLITS.map((split) => Array.from(rowsOf(interactions, split), (row) => interactions.timestamp[row]!));
      expect(times.map((all) => all.length)).toEqual(Object.values(splitCounts(interactions.length)));
      for (const [earlier, later] of [
        [0, 1],
        [1, 2],
        [0, 2],
      ] as const) {
        for (const time of times[earlier]!) for (const other of times[later]!) expect(time).toBeLessThanOrEqual(other);
      }
    }),
  );
});

test('rows of equal time stand in file order, whatever the order of users in the file', () => {
  const rows: RawRow[] = [
    [1, 4, 5, 7],
    [2, 1, 5, 7],
    [1, 2, 1, 7],
    [2, 3, 1, 7],
    [1, 3, 5, 7],
    [1, 0, 4, 7],
  ];
  const { interactions } = prepare(rows);
  expect(Array.from(interactions.item, (item) => interactions.itemIds[item])).toEqual(['i4', 'i2', 'i3', 'i0', 'i1', 'i3']);
  const global = prepare(rows, { split: 'global-time' }).interactions;
  expect(Array.from(global.split, (split) => SPLITS[split])).toEqual(['train', 'train', 'valid', 'test', 'train', 'train']);
});

test('histories hold only strictly earlier rows of the same user, never the target, never evaluation rows unless online', () => {
  fc.assert(
    fc.property(twoClassRows, dataArbitrary, (raw, data) => {
      const dataset = tryPrepare(raw, data);
      if (dataset === undefined) return;
      const { interactions } = dataset;
      for (const rows of rowsByUser(interactions)) {
        for (const row of rows) {
          const evaluation = interactions.split[row] !== 0;
          const allowed = rows.filter(
            (other) =>
              interactions.timestamp[other]! < interactions.timestamp[row]! &&
              (interactions.split[other] === 0 || (evaluation && data.history.online)),
          );
          const history = [...historyOf(interactions, row)];
          expect(history).toEqual([...history].sort((a, b) => a - b));
          for (const other of history) expect(allowed).toContain(other);
          expect(history).toHaveLength(Math.min(allowed.length, data.history.length));
          if (data.history.select === 'recent')
            expect(history).toEqual(data.history.length === 0 ? [] : allowed.slice(-data.history.length));
        }
      }
    }),
    { numRuns: 200 },
  );
});

test('similar histories keep the rows that share most attributes, of equals the newest, in time order', () => {
  const genresOf = (dataset: PreparedDataset, row: number): readonly string[] =>
    dataset.items.attributes['genres']![dataset.interactions.item[row]!]!;
  fc.assert(
    fc.property(twoClassRows, fc.integer({ min: 1, max: 5 }), (raw, length) => {
      const dataset = prepare(raw, { history: { length, select: 'similar' } });
      const { interactions } = dataset;
      const everything = prepare(raw, { history: { length: 1000 } }).interactions;
      for (let row = 0; row < interactions.length; row += 1) {
        const shared = (other: number): number => genresOf(dataset, other).filter((genre) => genresOf(dataset, row).includes(genre)).length;
        const best = [...historyOf(everything, row)].sort((a, b) => shared(b) - shared(a) || b - a).slice(0, length);
        expect([...historyOf(interactions, row)]).toEqual(best.sort((a, b) => a - b));
      }
    }),
  );
});

test('every row that is read is kept or dropped by a named rule', () => {
  fc.assert(
    fc.property(twoClassRows, dataArbitrary, fc.option(fc.integer({ min: 1, max: 30 })), (raw, data, maxInteractions) => {
      const dataset = tryPrepare(raw, { ...data, maxInteractions }, { items: [0, 1, 2, 3, 4, 5, 6] });
      if (dataset === undefined) return;
      const { steps, rows } = dataset.card;
      const [read, ...rules] = steps;
      expect(read).toMatchObject({ step: 'read', rows: raw.length });
      expect(rules.reduce((left, { dropped }) => left - dropped, raw.length)).toBe(rows);
      expect(dataset.interactions.length).toBe(rows);
    }),
  );
});

test('of a repeated pair the last row in time is kept, and of equal times the last in the file', () => {
  const { interactions, card } = prepare([
    [1, 1, 1, 50],
    [1, 1, 5, 90],
    [1, 1, 2, 70],
    [1, 2, 3, 10],
    [1, 2, 5, 10],
    [1, 3, 1, 20],
  ]);
  expect(Array.from(interactions.rating)).toEqual([5, 1, 5]);
  expect(card.steps.find(({ step }) => step === 'duplicates')?.dropped).toBe(3);
});

test('of repeated metadata rows the first is kept, and ratings of items without metadata are dropped and counted', () => {
  const raw = rawTables(
    [
      [1, 1, 5, 1],
      [1, 2, 1, 2],
      [1, 3, 5, 3],
      [1, 9, 5, 4],
    ],
    { items: [3, 2, 1, 2] },
  );
  const titled = { ...raw, items: { ...raw.items, title: ['three', 'two', 'one', 'two again'] } };
  const { items, card, interactions } = prepareTables(titled, { dataset: 'test', data: { kCore: 0 } });
  expect(items.title).toEqual(['three', 'two', 'one']);
  expect(items.itemIds).toEqual(interactions.itemIds);
  expect(card.repeatedItemRows).toBe(1);
  expect(card.steps.find(({ step }) => step === 'without-item')?.dropped).toBe(1);
});

test('maxPerUser keeps the newest rows', () => {
  const raw: RawRow[] = Array.from({ length: 9 }, (_, i) => [1, i, 1 + (i % 2) * 4, 100 - i]);
  const { interactions } = prepare(raw, { maxPerUser: 4 });
  expect(Array.from(interactions.timestamp)).toEqual([97, 98, 99, 100]);
});

test('maxInteractions changes nothing about the users that it keeps, keeps whole users, and stays below the ceiling', () => {
  fc.assert(
    fc.property(twoClassRows, fc.integer({ min: 1, max: 60 }), fc.nat(5), (raw, maxInteractions, seed) => {
      const all = prepare(raw).interactions;
      const some = tryPrepare(raw, { maxInteractions }, { seed })?.interactions;
      if (some === undefined) return;
      const describe = (of: Interactions) => (row: number) => [
        of.userIds[of.user[row]!],
        of.itemIds[of.item[row]!],
        of.label[row],
        of.split[row],
        of.slice[row],
        Array.from(historyOf(of, row), (other) => of.itemIds[of.item[other]!]),
      ];
      const kept = new Set(some.userIds);
      const expected = [...all.interactionId].filter((row) => kept.has(all.userIds[all.user[row]!]!)).map(describe(all));
      expect([...some.interactionId].map(describe(some))).toEqual(expected);
      expect(some.length <= maxInteractions || kept.size === 1).toBe(true);
      const smallestLeft = Math.min(
        ...rowsByUser(all)
          .filter((rows) => !kept.has(all.userIds[all.user[rows[0]!]!]!))
          .map((rows) => rows.length),
      );
      if (some.length <= maxInteractions) expect(some.length + smallestLeft).toBeGreaterThan(maxInteractions);
    }),
  );
});

test('without times a seeded order stands in for time, the same on every run, and the card says so', () => {
  const raw: RawRow[] = Array.from({ length: 30 }, (_, i) => [i % 2, Math.floor(i / 2), 1 + (i % 5), 0]);
  const first = prepare(raw, {}, { timed: false, seed: 1 });
  expect(prepare(raw, {}, { timed: false, seed: 1 })).toEqual(first);
  expect(prepare(raw, {}, { timed: false, seed: 2 }).interactions.item).not.toEqual(first.interactions.item);
  expect([...historyOf(first.interactions, 5)]).toEqual([0, 1, 2, 3, 4]);
  expect(Number.isNaN(first.interactions.timestamp[0])).toBe(true);
  expect(first.card.timeRange).toBeNull();
  expect(first.card.notes.join()).toContain("permutation of each user's rows");
});

test('labels are 1 from the threshold on', () => {
  const raw: RawRow[] = [1, 2, 3, 4, 5].map((rating, i) => [1, i, rating, i]);
  expect([...prepare(raw).interactions.label]).toEqual([0, 0, 0, 1, 1]);
  expect([...prepare(raw, { threshold: 3 }).interactions.label]).toEqual([0, 0, 1, 1, 1]);
});

test.each([
  [
    'one class',
    [
      [1, 1, 5, 1],
      [1, 2, 5, 2],
      [1, 3, 4, 3],
    ],
    {},
    'DATA_ONE_CLASS',
    'data.threshold',
  ],
  [
    'no rows after the k-core',
    [
      [1, 1, 5, 1],
      [1, 2, 1, 2],
      [2, 1, 5, 3],
    ],
    { kCore: 2 },
    'DATA_EMPTY_CORE',
    'data.kCore',
  ],
  [
    'no metadata at all',
    [
      [1, 9, 5, 1],
      [1, 8, 1, 2],
    ],
    {},
    'DATA_EMPTY',
    "dataset 'test'",
  ],
  ['an option out of range', [[1, 1, 5, 1]], { kCore: -1 }, 'DATA_OPTION', 'data.kCore'],
] as const)('%s: a typed error names what decides', async (_, rows, data, code, where) => {
  const error = await errorOf(() => prepare(rows, data, { items: [1, 2, 3] }));
  expect(error).toMatchObject({ code, where });
});

test('the error of an empty k-core says which k would leave rows', async () => {
  const error = await errorOf(() =>
    prepare(
      [
        [1, 1, 5, 1],
        [1, 2, 1, 2],
        [2, 1, 5, 3],
        [2, 2, 1, 4],
      ],
      { kCore: 7 },
    ),
  );
  expect(error.remedy).toContain('set data.kCore to 2');
});

test('a global-time split of a source without times is refused', async () => {
  expect(
    await errorOf(() =>
      prepare(
        [
          [1, 1, 5, 1],
          [1, 2, 1, 2],
        ],
        { split: 'global-time' },
        { timed: false },
      ),
    ),
  ).toMatchObject({ code: 'DATA_NO_TIME', where: 'data.split' });
});

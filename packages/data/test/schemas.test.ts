import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Table, tableFromIPC, tableToIPC } from 'apache-arrow';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { prepareTables } from '../src/prepare/prepare-tables.js';
import { planDataset } from '../src/prepare/plan.js';
import { readDataset, writeDataset, writePlanned } from '../src/prepare/dataset-folder.js';
import { buildTable, float32Column, ROWS_PER_BATCH, uint32Column, utf8Column } from '../src/schemas/arrow-build.js';
import { embeddingsFromTable, embeddingsToTable } from '../src/schemas/embeddings.js';
import { concatExplanations, explanationsFromRows, explanationsFromTable, explanationsToTable } from '../src/schemas/explanations.js';
import type { Interactions } from '../src/schemas/interactions.js';
import { interactionsFromTable, interactionsToTable } from '../src/schemas/interaction-table.js';
import { itemsFromTable, itemsToTable, usersFromTable, usersToTable } from '../src/schemas/items.js';
import { predictionsFromTable, predictionsToTable } from '../src/schemas/predictions.js';
import { openTable, readTable, writeTable } from '../src/schemas/table-file.js';
import { createTableCheck, validateTable } from '../src/schemas/validate.js';
import { errorOf } from './support/errors.js';
import { rawTables, twoClassRows, type RawRow } from './support/raw.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'expctr-data-'));
});
afterAll(() => rm(folder, { recursive: true }));

const throughFile = (table: Table): Table => tableFromIPC(tableToIPC(table, 'file'));
const someRows: RawRow[] = Array.from({ length: 60 }, (_, i) => [i % 3, i % 11, 1 + (i % 5), Math.floor(i / 2) * 1e9]);
const dataset = prepareTables(rawTables(someRows), { dataset: 'test', data: { kCore: 0 } });

test('interactions come back from Arrow as they were, with time and without', () => {
  fc.assert(
    fc.property(twoClassRows, fc.boolean(), (raw, timed) => {
      const { interactions } = prepareTables(rawTables(raw, { timed }), { dataset: 'test', data: { kCore: 0 } });
      expect(interactionsFromTable(throughFile(interactionsToTable(interactions)))).toEqual(interactions);
    }),
    { numRuns: 50 },
  );
});

test('more rows than a record batch holds come back as they were', () => {
  const length = 2 * ROWS_PER_BATCH + 1003;
  const perRow = <T>(make: (row: number) => T): T[] => Array.from({ length }, (_, row) => make(row));
  const interactions: Interactions = {
    length,
    interactionId: Uint32Array.from({ length }, (_, row) => row),
    user: new Int32Array(length),
    item: Int32Array.from({ length }, (_, row) => row % 3),
    userIds: ['u'],
    itemIds: ['a', 'b', 'c', 'never used'],
    label: Uint8Array.from({ length }, (_, row) => row % 2),
    rating: Float32Array.from({ length }, (_, row) => (row % 7 === 0 ? NaN : row % 5)),
    timestamp: Float64Array.from({ length }, (_, row) => -5e12 + row * 1e9),
    split: Uint8Array.from({ length }, (_, row) => row % 3),
    slice: Uint8Array.from({ length }, (_, row) => (row % 3 === 0 ? row % 2 : 2)),
    historyOffsets: Uint32Array.from(perRow((row) => row).concat(length), (row) => Math.max(0, row - 1)),
    history: Uint32Array.from({ length: length - 1 }, (_, row) => row),
  };
  const table = throughFile(interactionsToTable(interactions));
  expect(table.batches).toHaveLength(3);
  const back = interactionsFromTable(table);
  for (const [name, column] of Object.entries(interactions)) {
    const same = ArrayBuffer.isView(column)
      ? Buffer.from((column as Uint8Array).buffer).equals(Buffer.from(back[name as 'label'].buffer))
      : undefined;
    expect(same ?? back[name as 'userIds'], name).toEqual(same === undefined ? column : true);
  }
});

const text = fc.string({ unit: 'grapheme', maxLength: 12 });

test('explanations, embeddings and predictions come back from Arrow as they were', () => {
  const explanation = fc.record({
    interactionId: fc.nat(1e6),
    iteration: fc.nat(9),
    stage: fc.constantFrom('base', 'stage1', 'stage3'),
    explanation: text,
    read: text,
    tokenCount: fc.nat(500),
    finishReason: fc.constantFrom('stop' as const, 'length' as const),
    rewards: fc.record({ lc: fc.option(fc.float({ noNaN: true })), ic: fc.option(fc.float({ noNaN: true })) }),
  });
  fc.assert(
    fc.property(fc.array(explanation, { maxLength: 8 }), (rows) => {
      const columns = explanationsFromRows(rows);
      expect(explanationsFromTable(throughFile(explanationsToTable(columns)))).toEqual(columns);
      const half = rows.length >> 1;
      const parts = [rows.slice(0, half), rows.slice(half)].map(explanationsFromRows);
      expect(concatExplanations(parts).explanation).toEqual(columns.explanation);
    }),
  );
  const embeddings = {
    length: 2,
    interactionId: Uint32Array.of(7, 3),
    dimension: 3,
    values: Float32Array.of(1, 2, 3, 4, 5, 6),
    encoder: 'bag',
    normalized: true,
  };
  expect(embeddingsFromTable(throughFile(embeddingsToTable(embeddings)))).toEqual(embeddings);
  const predictions = [
    { model: 'id-only', interactionId: Uint32Array.of(1, 2), label: Uint8Array.of(0, 1), probability: Float32Array.of(0.25, 0.75) },
    { model: 'mine', interactionId: Uint32Array.of(2), label: Uint8Array.of(1), probability: Float32Array.of(1) },
  ];
  expect(predictionsFromTable(throughFile(predictionsToTable(predictions)))).toEqual(predictions);
});

test('a reward that only some explanations have is null for the others', () => {
  const row = { interactionId: 0, iteration: 0, stage: 's', explanation: '', read: '', tokenCount: 1, finishReason: 'stop' as const };
  const table = explanationsToTable(explanationsFromRows([row, { ...row, rewards: { lc: 0.5 } }]));
  expect([...table.getChild('lc')!]).toEqual([null, 0.5]);
  const joined = concatExplanations([explanationsFromRows([row]), explanationsFromRows([{ ...row, rewards: { lc: 0.5 } }])]);
  expect([...joined.rewards['lc']!]).toEqual([NaN, 0.5]);
});

test('items and users come back as they were, and in the order of given ids', () => {
  expect(itemsFromTable(throughFile(itemsToTable(dataset.items)))).toEqual(dataset.items);
  const turned = [...dataset.items.itemIds].reverse();
  const items = itemsFromTable(itemsToTable(dataset.items), turned);
  expect(items.itemIds).toEqual(turned);
  expect(items.title).toEqual([...dataset.items.title].reverse());
  const users = { length: 2, userIds: ['a', 'b'], attributes: { gender: [['F'], []] } };
  expect(usersFromTable(throughFile(usersToTable(users)))).toEqual(users);
  expect(() => usersFromTable(usersToTable(users), ['c'])).toThrow("no user 'c'");
});

test('a dataset comes back from its folder, and is written with the same bytes every time', async () => {
  await writeDataset(join(folder, 'one'), dataset);
  await writeDataset(join(folder, 'two'), prepareTables(rawTables(someRows), { dataset: 'test', data: { kCore: 0 } }));
  const { interactions, items, users } = dataset;
  expect(await readDataset(join(folder, 'one'))).toEqual({ interactions, items, users, truth: null, words: dataset.card.words });
  for (const name of ['interactions.arrow', 'items.arrow', 'users.arrow', 'card.json']) {
    expect((await readFile(join(folder, 'one', name))).equals(await readFile(join(folder, 'two', name)))).toBe(true);
  }
});

test('histories made while writing give the same bytes as those made before, over more than one batch', async () => {
  const rows: RawRow[] = Array.from({ length: ROWS_PER_BATCH + 5000 }, (_, i) => [
    i % 700,
    Math.floor(i / 700),
    1 + (i % 5),
    Math.floor(i / 1500) * 1e9,
  ]);
  const options = { dataset: 'test', data: { kCore: 0, split: 'random' as const, history: { online: true, length: 3 } } };
  await writeDataset(join(folder, 'before'), prepareTables(rawTables(rows), options));
  await writePlanned(join(folder, 'during'), planDataset(rawTables(rows), options));
  for (const name of ['interactions.arrow', 'items.arrow', 'users.arrow', 'card.json']) {
    expect((await readFile(join(folder, 'before', name))).equals(await readFile(join(folder, 'during', name))), name).toBe(true);
  }
  // Arrow's own writer puts the bitmaps of all rows behind into every batch of a slice; ours has just the batch's.
  const { interactions } = await readDataset(join(folder, 'during'));
  const whole = tableToIPC(interactionsToTable(interactions), 'file');
  expect(Buffer.from(whole).equals(await readFile(join(folder, 'during', 'interactions.arrow')))).toBe(true);
});

test('what is no Arrow file, is cut short or is not there is refused by name', async () => {
  const path = join(folder, 'table.arrow');
  await writeTable(path, interactionsToTable(dataset.interactions));
  expect((await readTable(path)).numRows).toBe(dataset.interactions.length);
  await truncate(path, 900);
  expect(await errorOf(() => readTable(path))).toMatchObject({ code: 'DATA_NOT_ARROW', where: path });
  await writeFile(path, 'userId,movieId');
  expect((await errorOf(() => readTable(path))).message).toContain('no Arrow IPC file');
  await writeFile(path, `ARROW1${'x'.repeat(100)}ARROW1`);
  expect((await errorOf(() => readTable(path))).code).toBe('DATA_NOT_ARROW');
  expect((await errorOf(() => readTable(join(folder, 'none.arrow')))).message).toContain('there is no such file');
});

const { interactions } = dataset;
const changed = (column: 'label' | 'history' | 'slice' | 'interactionId', row: number, value: number): Table => {
  const copy = interactions[column].slice();
  copy[row] = value;
  return interactionsToTable({ ...interactions, [column]: copy });
};
const validRow = interactions.split.indexOf(1);

test.each([
  ['a label that is neither 0 nor 1', changed('label', 3, 2), 'DATA_VALUE', "column 'label', row 3"],
  ['an id that is not the row number', changed('interactionId', 2, 9), 'DATA_VALUE', "column 'interaction_id', row 2"],
  ['a slice outside train', changed('slice', validRow, 0), 'DATA_VALUE', `column 'slice', row ${validRow}`],
  ['a train row without slice', changed('slice', 0, 2), 'DATA_VALUE', "column 'slice', row 0"],
  [
    'a history with a row that is not earlier',
    changed('history', interactions.historyOffsets[9]!, 9),
    'DATA_VALUE',
    "column 'history', row 9",
  ],
  [
    'a history with a row of another user',
    changed('history', interactions.historyOffsets[9]!, interactions.length - 1),
    'DATA_VALUE',
    "column 'history', row 9",
  ],
  ['another schema', itemsToTable(dataset.items), 'DATA_SCHEMA_NAME', undefined],
  [
    'a missing column',
    buildTable('interactions/1', 1, [uint32Column('interaction_id', Uint32Array.of(0))]),
    'DATA_MISSING_COLUMN',
    undefined,
  ],
  [
    'a column of another type',
    buildTable('interactions/1', 1, [utf8Column('interaction_id', ['0'])]),
    'DATA_COLUMN_TYPE',
    "column 'interaction_id'",
  ],
] as const)('%s is reported with its column and row', async (_, table, code, where) => {
  expect(await errorOf(() => validateTable(table, 'interactions/1'))).toMatchObject({ code, where });
});

test('a table of another version is refused by name, with what to do', async () => {
  const versioned = (version: number): Table => buildTable(`users/${version}`, 1, [utf8Column('user_id', ['u'])]);
  expect(await errorOf(() => validateTable(versioned(0), 'users/1'))).toMatchObject({ code: 'DATA_SCHEMA_VERSION' });
  const newer = await errorOf(() => validateTable(versioned(2), 'users/1'));
  expect(newer.message).toContain('users/2, newer than users/1');
  expect(newer.remedy).toContain('the version of @expctr/data that wrote it');
});

test('a history with a row of the same time is reported, and so is one that is not oldest first', async () => {
  const raw = rawTables(Array.from({ length: 12 }, (_, i): RawRow => [0, i, 1 + (i % 5), Math.floor(i / 2) * 1e9]));
  const { interactions: tied } = prepareTables(raw, { dataset: 'test', data: { kCore: 0 } });
  const history = tied.history.slice();
  history[tied.historyOffsets[6]! - 1] = 4; // the last entry of row 5, which has the time of row 4
  expect(await errorOf(() => validateTable(interactionsToTable({ ...tied, history }), 'interactions/1'))).toMatchObject({
    where: "column 'history', row 5",
  });
  const turned = tied.history.slice();
  turned.subarray(tied.historyOffsets[5], tied.historyOffsets[6]).reverse();
  expect((await errorOf(() => validateTable(interactionsToTable({ ...tied, history: turned }), 'interactions/1'))).expected).toBe(
    'oldest first',
  );
});

test('a null or a number out of range is reported where it stands', async () => {
  const predictions = (probability: Float32Array): Table =>
    buildTable('predictions/1', 2, [
      ...predictionsToTable([
        { model: 'm', interactionId: Uint32Array.of(0, 1), label: Uint8Array.of(0, 1), probability: new Float32Array(2) },
      ])
        .schema.fields.slice(0, 3)
        .map((field, i) => ({
          field,
          data: predictionsToTable([
            { model: 'm', interactionId: Uint32Array.of(0, 1), label: Uint8Array.of(0, 1), probability },
          ]).getChildAt(i)!.data[0]!,
        })),
      float32Column('probability', probability, true),
    ]);
  const where = "column 'probability', row 1";
  expect(await errorOf(() => validateTable(predictions(Float32Array.of(0.5, NaN)), 'predictions/1'))).toMatchObject({
    code: 'DATA_NULL',
    where,
  });
  expect(await errorOf(() => validateTable(predictions(Float32Array.of(0.5, 1.5)), 'predictions/1'))).toMatchObject({
    code: 'DATA_VALUE',
    where,
  });
});

test.each([['pyarrow'], ['polars'], ['duckdb']])('what %s writes is read here', async (writer) => {
  const path = join(import.meta.dirname, 'fixtures', writer);
  const expected = JSON.parse(await readFile(join(import.meta.dirname, 'fixtures', 'interop.json'), 'utf8')) as {
    interactions: Record<string, unknown[]>;
    items: Record<string, unknown[]>;
  };
  const read = interactionsFromTable(await readTable(`${path}-interactions.arrow`));
  const history = Array.from({ length: read.length }, (_, row) => [
    ...read.history.subarray(read.historyOffsets[row], read.historyOffsets[row + 1]),
  ]);
  expect({
    user_id: Array.from(read.user, (code) => read.userIds[code]),
    item_id: Array.from(read.item, (code) => read.itemIds[code]),
    label: [...read.label],
    rating: Array.from(read.rating, (rating) => (Number.isNaN(rating) ? null : rating)),
    timestamp: Array.from(read.timestamp, (time) => (Number.isNaN(time) ? null : time)),
    split: Array.from(read.split, (code) => ['train', 'valid', 'test'][code]),
    slice: Array.from(read.slice, (code) => ['policy', 'ctr', null][code]),
    history,
  }).toEqual(expected.interactions);
  const items = itemsFromTable(await readTable(`${path}-items.arrow`), read.itemIds);
  expect(items.title).toEqual(expected.items['title']);
  expect(items.attributes).toEqual({ genres: expected.items['genres'] });
});

test.each([['pyarrow'], ['polars'], ['duckdb']])('vectors that %s writes are read here', async (writer) => {
  const path = join(import.meta.dirname, 'fixtures', `${writer}-embeddings.arrow`);
  const embeddings = embeddingsFromTable(await readTable(path));
  expect(embeddings).toMatchObject({ length: 5, dimension: 3, encoder: 'by hand', normalized: false });
  expect([...embeddings.interactionId]).toEqual([0, 1, 2, 3, 4]);
  expect([...embeddings.values]).toEqual(Array.from({ length: 15 }, (_, i) => i / 4));
});

/** Three record batches, whose histories reach back over their bounds. */
function threeBatches(): Table {
  const length = 2 * ROWS_PER_BATCH + 5;
  const rows = <T extends Uint8Array | Float32Array>(values: T): T => values;
  const offsets = Uint32Array.from({ length: length + 1 }, (_, row) => Math.max(0, row - 1));
  return interactionsToTable({
    length,
    interactionId: Uint32Array.from({ length }, (_, row) => row),
    user: new Int32Array(length),
    item: new Int32Array(length),
    userIds: ['u'],
    itemIds: ['a'],
    label: rows(new Uint8Array(length)),
    rating: rows(new Float32Array(length).fill(NaN)),
    timestamp: Float64Array.from({ length }, (_, row) => row),
    split: new Uint8Array(length).fill(2),
    slice: new Uint8Array(length).fill(2),
    historyOffsets: offsets,
    history: Uint32Array.from({ length: length - 1 }, (_, row) => row),
  });
}

test('a file is read part by part, and checked over the bounds of its parts', async () => {
  const path = join(folder, 'parts.arrow');
  const table = threeBatches();
  await writeTable(path, table);
  const check = createTableCheck('interactions/1');
  const file = await openTable(path);
  try {
    let rows = 0;
    for await (const part of file.batches()) {
      check.add(part);
      rows += part.numRows;
    }
    expect(rows).toBe(table.numRows);
    let first = 0;
    for await (const part of file.batches()) {
      check.finish!(part, first);
      first += part.numRows;
    }
    expect(first).toBe(table.numRows);
    expect(file.schema.metadata.get('expctr.schema')).toBe('interactions/1');
  } finally {
    await file.close();
  }
});

test('what is wrong in a later part is named with its row in the table', async () => {
  const parts = threeBatches().batches.map((batch) => new Table([batch]));
  const row = 2 * ROWS_PER_BATCH + 2;
  const histories = (earlier: number): void => {
    const check = createTableCheck('interactions/1');
    parts.forEach((part) => check.add(part));
    (parts[2]!.getChild('history')!.data[0]!.children[0]!.values as Uint32Array)[row - 1] = earlier; // the batches share one array
    parts.reduce((first, part) => (check.finish!(part, first), first + part.numRows), 0);
  };
  histories(row - 1); // as it was
  expect(await errorOf(() => histories(row))).toMatchObject({ code: 'DATA_VALUE', where: `column 'history', row ${row}` });
  (parts[1]!.getChild('label')!.data[0]!.values as Uint8Array)[7] = 3;
  expect(await errorOf(() => histories(row - 1))).toMatchObject({ where: `column 'label', row ${ROWS_PER_BATCH + 7}` });
});

test('openTable refuses what readTable refuses, and a file that is damaged inside when its rows are asked for', async () => {
  const path = join(folder, 'damaged.arrow');
  await expect(openTable(join(folder, 'missing.arrow'))).rejects.toMatchObject({ code: 'DATA_FILE' });
  await writeFile(path, 'ARROW1 but not really ARROW1');
  await expect(openTable(path)).rejects.toMatchObject({ code: 'DATA_NOT_ARROW' });
  await writeTable(path, threeBatches());
  await truncate(path, 1000);
  await expect(openTable(path)).rejects.toMatchObject({ code: 'DATA_NOT_ARROW' });
});

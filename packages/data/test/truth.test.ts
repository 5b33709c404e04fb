import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Field, Float64, Int64, LargeUtf8, List, Table, tableFromIPC, tableToIPC, vectorFromArray, type Vector } from 'apache-arrow';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inspectCommand } from '../src/commands/inspect.js';
import { readDataset, TRUTH_FILE, writeDataset } from '../src/prepare/dataset-folder.js';
import { prepareTables } from '../src/prepare/prepare-tables.js';
import { buildTable, float32Column, float32ListColumn, uint32Column, utf8ListColumn } from '../src/schemas/arrow-build.js';
import { migrateTable } from '../src/schemas/migrate.js';
import { readTruth, truthFromTable, truthToTable, writeTruth, type TruthRow } from '../src/schemas/truth.js';
import { createTableCheck, validateTable } from '../src/schemas/validate.js';
import { errorOf } from './support/errors.js';
import { rawTables, type RawRow } from './support/raw.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'expctr-truth-'));
});
afterAll(() => rm(folder, { recursive: true }));

const throughFile = (table: Table): Table => tableFromIPC(tableToIPC(table, 'file'));
const rowsOf = (length: number): TruthRow[] =>
  Array.from({ length }, (_, row) => ({
    interactionId: row,
    bayesProbability: (row % 4) / 4,
    reasons: row % 3 === 0 ? [{ field: 'genre', value: `value ${row}`, contribution: row % 2 ? 0.5 : -1.5 }] : [],
  }));

test('truth/1 comes back from a table as it went in', () => {
  const reason = fc.record({ field: fc.constantFrom('tone', 'maker'), value: fc.string(), contribution: fc.float({ noNaN: true }) });
  const row = fc.record({
    interactionId: fc.nat(),
    bayesProbability: fc.float({ min: 0, max: 1, noNaN: true }),
    reasons: fc.array(reason, { maxLength: 4 }),
  });
  fc.assert(
    fc.property(fc.array(row), (rows) => {
      expect(truthFromTable(throughFile(truthToTable(rows)))).toEqual(rows);
    }),
  );
});

test('truth of more rows than a batch holds is written whole and in order', async () => {
  const path = join(folder, 'large.arrow');
  const count = 65_536 + 3;
  const rows = (function* (): Generator<TruthRow> {
    for (let row = 0; row < count; row += 1)
      yield {
        interactionId: row,
        bayesProbability: 0.5,
        reasons: row % 1000 === 0 ? [{ field: 'tone', value: 'grim', contribution: 1 }] : [],
      };
  })();
  await writeTruth(path, rows);
  const read = await readTruth(path, count);
  expect(read.map(({ interactionId }) => interactionId)).toEqual(Array.from({ length: count }, (_, row) => row));
  expect(read.filter(({ reasons }) => reasons.length === 1).length).toBe(66);
});

const table = (probability: number, fields: string[][], values: string[][], offsets: number[]): Table =>
  buildTable('truth/1', 2, [
    uint32Column('interaction_id', Uint32Array.of(0, 1)),
    float32Column('bayes_probability', Float32Array.of(0.5, probability)),
    utf8ListColumn('reason_field', fields),
    utf8ListColumn('reason_value', values),
    float32ListColumn('reason_contribution', Uint32Array.from(offsets), new Float32Array(offsets.at(-1)!)),
  ]);

test.each([
  ['a probability beyond 1', table(1.5, [[], []], [[], []], [0, 0, 0]), "column 'bayes_probability', row 1"],
  ['a field without a contribution', table(0.5, [[], ['tone']], [[], ['grim']], [0, 0, 0]), 'row 1'],
  ['a contribution without a value', table(0.5, [['tone'], []], [[], []], [0, 1, 1]), 'row 0'],
])('%s is refused with its row, whole and in parts', async (_, wrong, where) => {
  expect(await errorOf(() => validateTable(wrong, 'truth/1'))).toMatchObject({ code: 'DATA_VALUE', where });
  expect(await errorOf(() => truthFromTable(wrong))).toMatchObject({ code: 'DATA_VALUE', where });
  const check = createTableCheck('truth/1');
  check.add(truthToTable(rowsOf(5)));
  const row = Number(where.at(-1));
  expect(await errorOf(() => check.add(wrong))).toMatchObject({ where: where.replace(/\d+$/u, String(row + 5)) });
});

test('another schema is no truth', async () => {
  const other = buildTable('items/1', 1, [uint32Column('interaction_id', Uint32Array.of(0))]);
  expect(await errorOf(() => truthFromTable(other))).toMatchObject({ code: 'DATA_SCHEMA_NAME' });
});

const raw: RawRow[] = Array.from({ length: 60 }, (_, i) => [i % 3, i % 11, 1 + (i % 5), Math.floor(i / 2) * 1e9]);
const dataset = prepareTables(rawTables(raw), { dataset: 'test', data: { kCore: 0 } });

test('a dataset that has a truth is written and read with it; without one, that of an earlier dataset is gone', async () => {
  const path = join(folder, 'set');
  const truth = rowsOf(dataset.interactions.length);
  await writeDataset(path, { ...dataset, truth: new Set(truth) }); // any iterable
  expect((await readDataset(path)).truth).toEqual(truth);
  expect(await inspectCommand(join(path, TRUTH_FILE), 3)).toContain('schema truth/1: valid');
  await writeDataset(path, dataset);
  expect(await readdir(path)).not.toContain(TRUTH_FILE);
  expect((await readDataset(path)).truth).toBeNull();
});

test('a truth of other interactions is refused by name, and so is a damaged one', async () => {
  const path = join(folder, 'others');
  await writeDataset(path, { ...dataset, truth: rowsOf(7) });
  const where = join(path, TRUTH_FILE);
  expect(await errorOf(() => readDataset(path))).toMatchObject({ code: 'DATA_TRUTH_ROWS', where });
  expect((await readTruth(where)).length).toBe(7);
  await writeDataset(path, { ...dataset, truth: rowsOf(dataset.interactions.length).reverse() });
  expect((await errorOf(() => readDataset(path))).message).toContain('not in the order');
  await writeFile(where, 'no table');
  expect(await errorOf(() => readDataset(path))).toMatchObject({ code: 'DATA_NOT_ARROW' });
});

const made = (fields: Vector): Table =>
  new Table({
    interaction_id: vectorFromArray([0n, 1n], new Int64()),
    bayes_probability: vectorFromArray([0.25, 0.5], new Float64()),
    reason_field: fields,
    reason_value: vectorFromArray([['grim'], []], new List(new Field('item', new LargeUtf8()))),
    reason_contribution: vectorFromArray([[1.5], []], new List(new Field('item', new Float64()))),
  });

test('truth that another program made is cast where nothing is lost', async () => {
  const codes = vectorFromArray([[7n], []], new List(new Field('item', new Int64())));
  expect(truthFromTable(migrateTable(made(codes), 'truth/1').table)).toEqual([
    { interactionId: 0, bayesProbability: 0.25, reasons: [{ field: '7', value: 'grim', contribution: 1.5 }] },
    { interactionId: 1, bayesProbability: 0.5, reasons: [] },
  ]);
  const numbers = vectorFromArray([[0.5], []], new List(new Field('item', new Float64())));
  expect(await errorOf(() => migrateTable(made(numbers), 'truth/1'))).toMatchObject({
    code: 'DATA_CAST',
    where: "column 'reason_field', row 0",
  });
});

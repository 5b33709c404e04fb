import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DateDay,
  Float64,
  Int64,
  List,
  Field,
  Table,
  TimestampMicrosecond,
  TimestampNanosecond,
  TimestampSecond,
  makeData,
  makeVector,
  tableFromIPC,
  tableToIPC,
  vectorFromArray,
  type DataType,
  type Vector,
} from 'apache-arrow';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runProgram } from '../src/commands/program.js';
import { buildTable, uint32Column, uint8Column, utf8Column } from '../src/schemas/arrow-build.js';
import { readNumbers, readUint32Lists, readVectors } from '../src/schemas/arrow-read.js';
import { castColumn } from '../src/schemas/cast.js';
import { embeddingsFromTable } from '../src/schemas/embeddings.js';
import { interactionsFromTable } from '../src/schemas/interaction-table.js';
import { migrateTable, schemaFor, type Migration } from '../src/schemas/migrate.js';
import { predictionsFromTable, predictionsToTable } from '../src/schemas/predictions.js';
import { readTable, writeTable } from '../src/schemas/table-file.js';
import { validateTable } from '../src/schemas/validate.js';
import { errorOf } from './support/errors.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'expctr-data-'));
});
afterAll(() => rm(folder, { recursive: true }));

const bigints = (values: readonly bigint[], type: DataType = new Int64()): Vector =>
  makeVector(makeData({ type: type as Int64, length: values.length, data: BigInt64Array.from(values) }));
const lists = (rows: readonly (readonly bigint[])[]): Vector => vectorFromArray(rows, new List(new Field('item', new Int64(), true)));

/** Interactions as pandas or Polars would write them: 64-bit numbers, plain strings, no metadata. */
const foreign = (): Table =>
  new Table({
    interaction_id: bigints([0n, 1n, 2n]),
    user: bigints([7n, 7n, 9n]),
    item_id: vectorFromArray(['a', 'b', 'a']),
    label: vectorFromArray([true, false, true]),
    rating: vectorFromArray([4.5, null, 3], new Float64()),
    timestamp: bigints([1_000_000_500n, 2_000_000_999n, 0n], new TimestampMicrosecond()),
    split: vectorFromArray(['train', 'test', 'train']),
    slice: vectorFromArray(['policy', null, 'ctr']),
    history: lists([[], [0n], []]),
    note: vectorFromArray(['x', 'y', 'z']),
  });

test('a table of another program becomes interactions/1, and says what that took', () => {
  const { table, changes } = migrateTable(foreign(), 'interactions/1', { rename: { user: 'user_id' } });
  validateTable(table, 'interactions/1');
  const read = interactionsFromTable(tableFromIPC(tableToIPC(table, 'file')));
  expect(read.userIds).toEqual(['7', '9']);
  expect([...read.user]).toEqual([0, 0, 1]);
  expect([...read.label]).toEqual([1, 0, 1]);
  expect([...read.rating]).toEqual([4.5, NaN, 3]);
  expect([...read.timestamp]).toEqual([1_000_000, 2_000_000, 0]);
  expect([...read.history]).toEqual([0]);
  expect(table.getChild('note')?.get(2)).toBe('z');
  expect(changes).toEqual([
    "column 'user' is called 'user_id'",
    'named as interactions/1',
    "column 'interaction_id': Int64 as uint32",
    "column 'user_id': Int64 as utf8",
    "column 'label': Bool as uint8",
    "column 'rating': Float64 as float32",
    "column 'timestamp': Timestamp<MICROSECOND> as timestamp[ms]",
    "column 'history': List<Int64> as list<uint32>",
  ]);
});

test('a table that is up to date comes back itself', () => {
  const table = predictionsToTable([
    { model: 'm', interactionId: Uint32Array.of(3), label: Uint8Array.of(1), probability: Float32Array.of(0.5) },
  ]);
  expect(migrateTable(table, 'predictions/1')).toEqual({ table, changes: [] });
  expect(migrateTable(table, 'predictions/1').table).toBe(table);
  expect(schemaFor(table)).toBe('predictions/1');
});

const oldPredictions = (version: number): Table =>
  buildTable(
    `predictions/${version}`,
    2,
    [uint32Column('interaction_id', Uint32Array.of(0, 1)), uint8Column('label', Uint8Array.of(0, 1)), utf8Column('model', ['m', 'm'])],
    { 'made.by': 'someone' },
  );
const withProbability: Migration = {
  from: 'predictions/-1',
  to: 'predictions/0',
  change: 'a probability for each row',
  migrate: (table) => table.assign(new Table({ probability: vectorFromArray([0.25, 0.75], new Float64()) })),
};
const asItIs: Migration = { from: 'predictions/0', to: 'predictions/1', change: 'nothing', migrate: (table) => table };

test('older versions go step by step, whatever the order of the list, and keep their metadata', () => {
  const { table, changes } = migrateTable(oldPredictions(-1), 'predictions/1', { migrations: [asItIs, withProbability] });
  expect(changes).toEqual([
    'predictions/-1 to predictions/0: a probability for each row',
    'predictions/0 to predictions/1: nothing',
    "column 'probability': Float64 as float32",
  ]);
  expect(table.schema.metadata.get('made.by')).toBe('someone');
  expect(predictionsFromTable(table)[0]?.probability).toEqual(Float32Array.of(0.25, 0.75));
});

test('what no step leads to, or is of another schema, or lacks a column, is refused', async () => {
  expect(await errorOf(() => migrateTable(oldPredictions(0), 'predictions/1'))).toMatchObject({ code: 'DATA_SCHEMA_VERSION' });
  expect(await errorOf(() => migrateTable(oldPredictions(2), 'predictions/1'))).toMatchObject({ code: 'DATA_SCHEMA_VERSION' });
  expect(await errorOf(() => migrateTable(oldPredictions(1), 'items/1'))).toMatchObject({ code: 'DATA_SCHEMA_NAME' });
  expect(await errorOf(() => migrateTable(oldPredictions(1), 'predictions/1'))).toMatchObject({ code: 'DATA_MISSING_COLUMN' });
  expect(await errorOf(() => migrateTable(foreign(), 'interactions/1', { rename: { users: 'user_id' } }))).toMatchObject({
    code: 'DATA_MISSING_COLUMN',
  });
  expect(await errorOf(() => migrateTable(foreign(), 'interactions/1', { rename: { user: 'note' } }))).toMatchObject({
    code: 'DATA_COLUMN_NAME',
  });
  expect(await errorOf(() => schemaFor(foreign()))).toMatchObject({ code: 'DATA_SCHEMA_NAME' });
});

test.each([
  ['uint32', bigints([0n, 4_294_967_296n]), 1],
  ['uint32', bigints([-1n]), 0],
  ['uint16', vectorFromArray([1, 2.5], new Float64()), 1],
  ['uint8', vectorFromArray([1, null], new Float64()), 1],
  ['float32', vectorFromArray([1, 1e300], new Float64()), 1],
  ['utf8', vectorFromArray([1, 2.5], new Float64()), 1],
  ['utf8', vectorFromArray([true]), 0],
  ['timestamp[ms]', bigints([12n]), 0],
  ['list<uint32>', lists([[1n], [2n, -3n]]), 1],
  ['list<uint32>', bigints([1n]), 0],
  ['fixed_size_list<float32>', lists([[1n, 2n], [1n]]), 1],
])('what does not fit %s is named with its row', async (type, vector, row) => {
  expect(await errorOf(() => castColumn(vector, 'c', type))).toMatchObject({ code: 'DATA_CAST', where: `column 'c', row ${row}` });
});

test('times of every unit become milliseconds, the earlier one where they do not divide', () => {
  const cast = (vector: Vector): number[] => [...readNumbers(castColumn(vector, 't', 'timestamp[ms]'), new Float64Array(vector.length))];
  expect(cast(bigints([-2n, 3n], new TimestampSecond()))).toEqual([-2000, 3000]);
  expect(cast(bigints([-1n, 1999n], new TimestampMicrosecond()))).toEqual([-1, 1]);
  expect(cast(vectorFromArray([new Date(86_400_000 * 3)], new DateDay()))).toEqual([86_400_000 * 3]);
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (nanoseconds) => {
      const floor = nanoseconds / 1_000_000n - (nanoseconds % 1_000_000n < 0n ? 1n : 0n);
      expect(cast(bigints([nanoseconds], new TimestampNanosecond()))).toEqual([Number(floor)]);
    }),
  );
});

test('lists keep every value in its row', () => {
  const rows = fc.array(fc.array(fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }), { maxLength: 5 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(rows, (values) => {
      const { offsets, values: flat } = readUint32Lists(castColumn(lists(values), 'h', 'list<uint32>'));
      expect(values.map((_, row) => [...flat.subarray(offsets[row], offsets[row + 1])].map(BigInt))).toEqual(values);
    }),
  );
});

test('lists of doubles become vectors', () => {
  const doubles = vectorFromArray(
    [
      [0.5, 1],
      [2, 3],
    ],
    new List(new Field('item', new Float64(), true)),
  );
  const { table } = migrateTable(new Table({ interaction_id: bigints([4n, 5n]), embedding: doubles }), 'embeddings/1');
  expect(embeddingsFromTable(table)).toMatchObject({ dimension: 2, values: Float32Array.of(0.5, 1, 2, 3) });
  expect(readVectors(castColumn(doubles, 'e', 'fixed_size_list<float32>'), 2)).toEqual(Float32Array.of(0.5, 1, 2, 3));
});

async function run(...args: readonly string[]): Promise<{ status: number; out: string; error: string }> {
  let [out, error] = ['', ''];
  const status = await runProgram(args, { out: (text) => (out += text), error: (text) => (error += text) });
  return { status, out, error };
}

test('expctr-data migrate writes the table and says what it did; what it refuses leaves no file', async () => {
  const [from, to] = [join(folder, 'foreign.arrow'), join(folder, 'interactions.arrow')];
  await writeTable(from, foreign());
  const unnamed = await run('migrate', from, '--out', to);
  expect(unnamed).toMatchObject({ status: 2, out: '' });
  expect(unnamed.error).toContain('DATA_SCHEMA_NAME');
  expect(await run('migrate', from, '--out', to, '--schema', 'interactions/1', '--rename', 'user')).toMatchObject({ status: 2 });
  expect(await run('migrate', from, '--out', to, '--schema', 'items/1')).toMatchObject({ status: 1 });
  await expect(readTable(to)).rejects.toMatchObject({ code: 'DATA_FILE' });
  const done = await run('migrate', from, '--out', to, '--schema', 'interactions/1', '--rename', 'user=user_id');
  expect(done).toMatchObject({ status: 0, error: '' });
  expect(done.out).toContain("column 'label': Bool as uint8");
  expect(done.out).toContain(`3 rows of interactions/1 in ${to}`);
  expect(interactionsFromTable(await readTable(to)).length).toBe(3);
  expect((await run('migrate', to, '--out', to)).out).toContain('it is interactions/1 already');
});

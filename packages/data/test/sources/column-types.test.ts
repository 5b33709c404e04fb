import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { TableOptions } from '../../src/sources/options.js';
import { openTable, readTable } from '../../src/schemas/table-file.js';
import type { RawTables } from '../../src/sources/raw-tables.js';
import { datasetSource } from '../../src/sources/sources.js';
import { errorOf } from '../support/errors.js';
import { mapping, named, sourceFolders } from '../support/source-files.js';

const { load, write } = sourceFolders();

/** Written by tools/oracles/data_column_types.py. */
const fixture = (name: string): string => join(import.meta.dirname, '../fixtures/types', name);
const IDS = ['8100000000000000001', '8100000000000000002', '8100000000000000003'];

/** Loads pyarrow's tables: interactions, and items with the columns of `table`; `lake` is the Parquet file as DuckDB reads it. */
async function loadTypes(form: string, table: Partial<TableOptions>, items = form): Promise<RawTables> {
  const folder = await write({});
  const extension = form === 'lake' ? 'parquet' : form;
  await copyFile(fixture(`interactions.${extension}`), join(folder, `interactions.${extension}`));
  const itemsFile = items === 'lake' ? 'items.parquet' : items === form ? `items.${form}` : items;
  await copyFile(fixture(itemsFile), join(folder, itemsFile));
  return datasetSource('table').load({
    dataDir: folder,
    onBadRow: 'fail',
    files: named(
      form === 'lake' ? { ratings: 'interactions.p*', items: 'items.p*' } : { ratings: `interactions.${form}`, items: itemsFile },
    ),
    options: { table: mapping({ user: 'u', item: 'i', rating: 'r', texts: ['title'], ...table }) },
  });
}

test.each(['arrow', 'parquet', 'lake'])('decimals of %s are read: ids with all their digits, ratings, numbers, features', async (form) => {
  const raw = await loadTypes(form, {
    numbers: form === 'lake' ? ['price', 'half'] : ['price', 'half', 'wide'],
    features: ['decimals', 'price'],
  });
  expect(raw.ratings.itemIds).toEqual(IDS);
  expect(raw.ratings.rating).toEqual(Float32Array.of(4.5, -1.5, 0.1));
  expect(raw.items.itemIds).toEqual(IDS);
  expect(raw.items.numbers).toMatchObject({ price: Float32Array.of(1299.95, -0.07, NaN), half: Float32Array.of(1.5, NaN, -0.25) });
  if (form !== 'lake') expect(raw.items.numbers!['wide']).toEqual(Float32Array.of(1.2345678901234567e19, NaN, -0.001));
  expect(raw.items.attributes['decimals']).toEqual([['1.1'], [], ['2.25', '3']]);
  expect(raw.items.attributes['price']).toEqual([['1299.95'], ['-0.07'], []]);
});

test('a decimal that is too wide for DuckDB, which would read another number, is refused by name', async () => {
  const error = await errorOf(() => loadTypes('lake', { numbers: ['wide'] }));
  expect(error).toMatchObject({ code: 'DATA_COLUMN_TYPE' });
  expect(error.message).toContain('the column wide');
});

test('decimals of a negative scale are read', async () => {
  const raw = await loadTypes('arrow', { numbers: ['thousands'] });
  expect(raw.items.numbers).toEqual({ thousands: Float32Array.of(12_000, -7000, NaN) });
});

const LISTS = {
  list: [['a', 'b'], [], []],
  large: [['a', 'b'], [], ['c']],
  fixed: [['a', 'b'], [], ['c', 'd']],
  nested: [['a', 'b'], [], []],
  coded: [['a'], [], ['b']],
  bytes: [['a'], [], ['é']],
  bytes2: [['ab'], [], ['cd']],
  day: [['2020-02-29'], [], ['1999-12-31']],
  moment: [['2020-02-29 12:30:01'], [], ['1999-12-31']],
};

test.each(['arrow', 'parquet', 'lake'])(
  'features of %s are read from lists of any kind, bytes and dates, with their nulls',
  async (form) => {
    const raw = await loadTypes(form, { features: Object.keys(LISTS) });
    expect(raw.items.attributes).toEqual(LISTS);
    expect(raw.items.title).toEqual(['A', IDS[1], 'C']);
  },
);

test.each(['arrow', 'parquet', 'lake'].flatMap((form) => ['struct', 'map', 'clock', 'noise'].map((column) => [form, column] as const)))(
  'what is not read of %s is refused by name: %s',
  async (form, column) => {
    for (const as of ['features', 'texts', 'numbers'] as const) {
      const error = await errorOf(() => loadTypes(form, { [as]: [column] }));
      expect(error).toMatchObject({ code: 'DATA_COLUMN_TYPE' });
      expect(error.message).toContain(`the column ${column}`);
    }
  },
);

test('an object in JSON lines is a bad row', async () => {
  const files = { 'a.jsonl': '{"u": 1, "i": 2}', 'b.jsonl': '{"i": 2, "title": "A", "tags": ["x", {"y": 1}]}' };
  const error = await errorOf(() =>
    load('table', files, { table: mapping({ user: 'u', item: 'i', texts: ['title'], features: ['tags'] }) }),
  );
  expect(error).toMatchObject({ code: 'DATA_BAD_ROW', where: 'b.jsonl:1:24' });
});

test.each([
  ['lz4', 'LZ4'],
  ['zstd', 'ZSTD'],
])('an Arrow file compressed with %s is refused by that name, with what to do', async (codec, name) => {
  const path = fixture(`items-${codec}.arrow`);
  const batches = async (): Promise<void> => {
    const table = await openTable(path);
    for await (const batch of table.batches()) expect(batch.numRows).toBe(0);
    await table.close();
  };
  for (const read of [() => loadTypes('arrow', {}, `items-${codec}.arrow`), () => readTable(path), batches]) {
    const error = await errorOf(read);
    expect(error).toMatchObject({ code: 'DATA_ARROW_COMPRESSED', where: `items-${codec}.arrow` });
    expect(error.message).toContain(`compressed with ${name}`);
    expect(error.remedy).toContain('compression="uncompressed"');
  }
});

test('a duration is refused by name', async () => {
  const error = await errorOf(() => loadTypes('arrow', { features: ['span'] }, 'spans.arrow'));
  expect(error).toMatchObject({ code: 'DATA_COLUMN_TYPE', where: 'spans.arrow' });
});

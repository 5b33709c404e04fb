import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExpctrError } from '@expctr/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkParquet, checkThrift } from '../src/read/parquet-bounds.js';
import { openParquet } from '../src/read/parquet.js';

let folder = '';
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'expctr-parquet-'))));
afterAll(() => rm(folder, { recursive: true }));

type Metadata = Parameters<typeof checkParquet>[0];
const column = (change: object = {}): object => ({
  meta_data: { path_in_schema: ['a'], num_values: 10n, total_compressed_size: 50n, data_page_offset: 4n, ...change },
});
const metadata = (change: object = {}, ofColumn: object = {}): Metadata =>
  ({
    num_rows: 10n,
    schema: [
      { name: 'root', num_children: 1 },
      { name: 'a', type: 'INT32' },
    ],
    row_groups: [{ num_rows: 10n, columns: [column(ofColumn)] }],
    ...change,
  }) as unknown as Metadata;

test.each<[string, Metadata, RegExp]>([
  ['negative rows', metadata({ num_rows: -1n }), /num_rows is -1/u],
  [
    'rows beyond its bytes',
    metadata({ num_rows: 1n << 40n, row_groups: [{ num_rows: 1n << 40n, columns: [column()] }] }),
    /num_rows of row group 0 is 1099511627776; it can be 0 to \d+/u,
  ],
  ['other rows than its groups have', metadata({ num_rows: 11n }), /num_rows is 11, and the row groups have 10/u],
  ['values beyond its bytes', metadata({}, { num_values: 1n << 40n }), /num_values of a in row group 0/u],
  ['a column behind its end', metadata({}, { data_page_offset: 1000n }), /data_page_offset of a/u],
  ['a column that ends behind it', metadata({}, { data_page_offset: 90n }), /the end of a in row group 0 is 140/u],
  ['a column of negative size', metadata({}, { total_compressed_size: -5n }), /total_compressed_size of a/u],
  ['more elements than it has', metadata({ schema: [{ name: 'root', num_children: 5 }, { name: 'a' }] }), /num_children of root is 5/u],
  [
    "elements that are nobody's",
    metadata({ schema: [{ name: 'root', num_children: 1 }, { name: 'a' }, { name: 'b' }] }),
    /3 elements, of which 2/u,
  ],
])('metadata with %s are refused, and the field is named', (_, parsed, expected) => {
  expect(() => checkParquet(parsed, 100)).toThrow(expected);
  expect(() => checkParquet(metadata(), 100)).not.toThrow();
});

test('lists and texts that are longer than the metadata are found before room is made for them', () => {
  const list = (...bytes: number[]): Uint8Array => Uint8Array.from([0x19, ...bytes, 0]);
  expect(() => checkThrift(list(0x25, 2, 4))).not.toThrow(); // two numbers
  expect(() => checkThrift(list(0xf5, 0xff, 0xff, 0xff, 0x0f))).toThrow(/list of 33554431 items, and 1 bytes follow/u);
  expect(() => checkThrift(Uint8Array.from([0x18, 0xff, 0x7f, 0]))).toThrow(/text of 16383 bytes/u);
  expect(() => checkThrift(Uint8Array.from({ length: 200 }, () => 0x19))).toThrow(/levels deep/u);
  expect(() => checkThrift(Uint8Array.of(0x15))).toThrow(/end inside a field/u);
});

test('a file with any byte changed is read or refused with a typed error', async () => {
  const bytes = await readFile(join(import.meta.dirname, 'fixtures', 'types', 'interactions.parquet'));
  const path = join(folder, 'x.parquet');
  let read = 0;
  for (let at = 0; at < bytes.length; at += 5) {
    const damaged = Buffer.from(bytes);
    damaged[at]! ^= [0xff, 0x01, 0x80, 0x40][at % 4]!;
    await writeFile(path, damaged);
    try {
      const file = await openParquet(path);
      for await (const batch of file.batches(file.names)) read += batch.length;
    } catch (error) {
      expect(error).toBeInstanceOf(ExpctrError);
    }
  }
  expect(read).toBeGreaterThan(0);
});

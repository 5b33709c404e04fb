import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExpctrError } from '@expctr/core';
import {
  Field,
  FixedSizeList,
  Float32,
  makeData,
  Null,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableFromArrays,
  tableToIPC,
  Utf8,
} from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openArrow } from '../src/read/arrow-file.js';
import { openTable, readTable, tableFromBytes } from '../src/schemas/table-file.js';

let folder = '';
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'expctr-arrow-'))));
afterAll(() => rm(folder, { recursive: true }));

const fixtures = join(import.meta.dirname, 'fixtures');
const message = (error: unknown): string => (error instanceof ExpctrError ? error.message : `not typed: ${String(error)}`);

/** Everything in a file by each of the ways to read one; a typed error is its message. */
async function readings(path: string): Promise<unknown[]> {
  const whole = readTable(path).then((table) => table.toArray().map(String), message);
  const parts = (async () => {
    const file = await openTable(path);
    try {
      const rows: string[] = [];
      for await (const part of file.batches()) for (const row of part) rows.push(String(row));
      return rows;
    } finally {
      await file.close();
    }
  })().catch(message);
  const columns = (async () => {
    const file = await openArrow(path);
    for await (const { columns: each } of file.batches(file.names)) void each;
    return file.names;
  })().catch(message);
  return Promise.all([whole, parts, columns]);
}

test('what pyarrow, Polars and DuckDB write passes', async () => {
  for (const name of await readdir(fixtures)) {
    if (!/^(?:pyarrow|polars|duckdb)-.*\.arrow$/u.test(name)) continue;
    const [whole, parts] = await readings(join(fixtures, name));
    expect(whole).toBeInstanceOf(Array);
    expect(parts).toEqual(whole);
  }
});

describe('a small file', () => {
  const small = tableFromArrays({ a: Int32Array.of(1, 2, 3), b: ['x', 'yy', ''], c: [1, 2, 3] });

  test.each(['file', 'stream'] as const)(
    'as a %s: with any byte changed it is read or refused, at once and with a typed error',
    async (form) => {
      const bytes = tableToIPC(small, form);
      const before = process.memoryUsage().rss;
      for (let at = 0; at < bytes.length; at += 1) {
        const damaged = Uint8Array.from(bytes);
        damaged[at]! ^= [0xff, 0x01, 0x80, 0x40][at % 4]!;
        const read = await tableFromBytes(damaged, 'x').then((table) => table.toArray().map(String), message);
        expect(String(read)).not.toContain('not typed');
      }
      expect(process.memoryUsage().rss - before).toBeLessThan(300e6);
    },
  );

  test('cut anywhere it is refused', async () => {
    const bytes = tableToIPC(small, 'file');
    for (let length = 0; length < bytes.length; length += 7) {
      await expect(tableFromBytes(bytes.subarray(0, length), 'x')).rejects.toSatisfy((error) => error instanceof ExpctrError);
    }
  });

  test('the error says what is wrong, and where', async () => {
    const bytes = Buffer.from(tableToIPC(small, 'file'));
    bytes.writeInt32LE(0x7fffffff, bytes.length - 10); // the length of the footer
    const path = join(folder, 'damaged.arrow');
    await writeFile(path, bytes);
    expect(new Set(await readings(path)).size).toBe(2); // by its path, or by its name
    await expect(readTable(path)).rejects.toThrow(/damaged\.arrow: the Arrow file is damaged: the footer has 2147483647 bytes/u);
  });
});

describe('sizes that no bytes stand for', () => {
  const table = (type: Null | FixedSizeList | Struct, length: number): Table => {
    const data =
      type instanceof FixedSizeList
        ? makeData({ type, length, nullCount: 0, child: makeData({ type: new Float32(), length: 0, data: new Float32Array(0) }) })
        : type instanceof Struct
          ? makeData({ type, length, nullCount: 0, children: [] })
          : makeData({ type, length });
    const schema = new Schema([new Field('empty', type, true)]);
    const rows = new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length, nullCount: 0, children: [data] }));
    return new Table(schema, [rows]);
  };

  test.each([
    ['nulls', new Null()],
    ['lists of no values', new FixedSizeList(0, new Field('item', new Float32()))],
    ['structs of no fields', new Struct([])],
  ] as const)('%s are read while they are few, and refused where they are billions', async (_, type) => {
    expect((await tableFromBytes(tableToIPC(table(type, 1000), 'file'), 'x')).numRows).toBe(1000);
    await expect(tableFromBytes(tableToIPC(table(type, 2e9), 'file'), 'x')).rejects.toThrow(/has 2000000000 (?:rows|values)/u);
  });
});

test('offsets, numbers of dictionaries and lists that lead outside of their values are refused', async () => {
  const texts = tableFromArrays({ a: ['one', 'two', 'three'] }); // a dictionary
  const plain = new Table({ a: makeVectorOf(['one', 'two', 'three']) });
  const damage = (from: Table, find: number[], put: number): Uint8Array => {
    const bytes = Buffer.from(tableToIPC(from, 'file'));
    const at = bytes.indexOf(Buffer.from(Int32Array.from(find).buffer));
    expect(at).toBeGreaterThan(0);
    bytes.writeInt32LE(put, at + 4 * (find.length - 1));
    return bytes;
  };
  await expect(tableFromBytes(damage(texts, [0, 1, 2], 77), 'x')).rejects.toThrow(/column a names the value 77 of its dictionary/u);
  await expect(tableFromBytes(damage(plain, [0, 3, 6, 11], 1000), 'x')).rejects.toThrow(/offsets of the column a end at 1000/u);
  await expect(tableFromBytes(damage(plain, [0, 3, 6], 1), 'x')).rejects.toThrow(/offsets of the column a fall from 3 to 1/u);
});

function makeVectorOf(texts: readonly string[]) {
  const data = Buffer.from(texts.join(''));
  const valueOffsets = Int32Array.from([0, ...texts.map((_, at) => texts.slice(0, at + 1).join('').length)]);
  return new Table(new Schema([new Field('a', new Utf8())]), [
    new RecordBatch(
      new Schema([new Field('a', new Utf8())]),
      makeData({
        type: new Struct([new Field('a', new Utf8())]),
        length: texts.length,
        nullCount: 0,
        children: [makeData({ type: new Utf8(), length: texts.length, nullCount: 0, valueOffsets, data })],
      }),
    ),
  ]).getChild('a')!;
}

test('a big file is checked by its metadata alone', async () => {
  const path = join(folder, 'big.arrow');
  await writeFile(path, tableToIPC(new Table({ a: tableFromArrays({ a: new Float64Array(2_000_000) }).getChild('a')! }), 'file'));
  const started = performance.now();
  const file = await openTable(path);
  await file.close();
  expect(performance.now() - started).toBeLessThan(1000);
});

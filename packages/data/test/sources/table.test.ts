import { join } from 'node:path';
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openLake } from '../../src/read/lake.js';
import type { RawTables } from '../../src/sources/raw-tables.js';
import { datasetSource } from '../../src/sources/sources.js';
import { errorOf } from '../support/errors.js';
import { mapping, named, sourceFolders, triples, type Files } from '../support/source-files.js';

const { load, write } = sourceFolders();

const MAPPED = mapping({ user: 'who', item: 'what', rating: 'stars', time: 'at' });
const ROWS = [
  { who: 'u;1', what: 7, stars: 4.5, at: 1260759144 },
  { who: 'ü2', what: 8, stars: -1, at: 1260759145 },
] as const;
const EXPECTED = [
  ['u;1', '7', 4.5, 1260759144000],
  ['ü2', '8', -1, 1260759145000],
];
const csv = (separator: string): string =>
  `who${separator}extra${separator}what${separator}stars${separator}at\n${ROWS.map(({ who, what, stars, at }) => [`"${who}"`, 'x', what, stars, at].join(separator)).join('\n')}\n`;
const arrow = (format: 'file' | 'stream'): Uint8Array =>
  tableToIPC(
    tableFromArrays({
      who: ROWS.map(({ who }) => who),
      what: Int32Array.from(ROWS, ({ what }) => what),
      stars: Float64Array.from(ROWS, ({ stars }) => stars),
      at: ROWS.map(({ at }) => new Date(at * 1000)),
    }),
    format,
  );

test.each<[string, Files]>([
  ['commas', { 'x.csv': csv(',') }],
  ['semicolons', { 'x.csv': csv(';') }],
  ['tabs', { 'x.tsv': csv('\t') }],
  ['bars and CRLF', { 'x.txt': csv('|').replaceAll('\n', '\r\n') }],
  ['JSON lines', { 'x.jsonl': ROWS.map((row) => JSON.stringify(row)).join('\n') }],
  ['an Arrow file', { 'x.arrow': arrow('file') }],
])('a table is read from %s: the columns are found by their names', async (_, files) => {
  const raw = await load('table', files, { table: MAPPED });
  expect(triples(raw)).toEqual(EXPECTED);
  expect(raw.ratings.kind).toBe('rating');
  expect(raw.items.title).toEqual(['7', '8']);
});

/** Writes Parquet with DuckDB, which shares no code with our reader. */
async function parquet(folder: string, name: string, sql: string, options = ''): Promise<void> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(`COPY (${sql}) TO '${join(folder, name)}' (FORMAT parquet${options})`);
  connection.closeSync();
}

const SQL = `SELECT * FROM (VALUES ('u;1', 7, 4.5::DOUBLE, TIMESTAMP '2009-12-14 02:52:24', ['a', 'b']), ('ü2', 8, -1, TIMESTAMP '2009-12-14 02:52:25', ['c'])) t(who, what, stars, "at", tags)`;

test.each(['snappy', 'zstd', 'gzip', 'uncompressed'])('a Parquet file is read, compressed with %s', async (codec) => {
  const folder = await write({});
  await parquet(folder, 'x.parquet', SQL, `, COMPRESSION ${codec}`);
  const raw = await datasetSource('table').load({
    dataDir: folder,
    onBadRow: 'fail',
    options: { table: { ...MAPPED, features: ['tags'] } },
  });
  expect(triples(raw)).toEqual(EXPECTED);
  expect(raw.items.attributes).toEqual({ tags: [['a', 'b'], ['c']] });
  expect(raw.files[0]).toMatchObject({ file: 'x.parquet', rowsRead: 2, rowsBad: 0 });
});

test('a Parquet file of several row groups is read in order', async () => {
  const folder = await write({});
  await parquet(
    folder,
    'x.parquet',
    'SELECT \'u\' || (i % 7) AS who, i AS what, 1.0 AS stars, 1000000000 + i AS "at" FROM range(10000) r(i)',
    ', ROW_GROUP_SIZE 2048',
  );
  const { ratings } = await datasetSource('table').load({ dataDir: folder, onBadRow: 'fail', options: { table: MAPPED } });
  expect(ratings.length).toBe(10000);
  expect(Array.from(ratings.item, (code) => Number(ratings.itemIds[code]))).toEqual(Array.from({ length: 10000 }, (_, i) => i));
  expect(ratings.timestamp!.every((time, i) => time === (1e9 + i) * 1000)).toBe(true);
});

test('a lake of Parquet files goes through DuckDB, in the order of their names', async () => {
  const folder = await write({});
  for (const part of [2, 0, 1])
    await parquet(folder, `part-${part}.parquet`, `SELECT 'u' AS who, ${part} AS what, 3 AS stars, DATE '2020-01-0${part + 1}' AS "at"`);
  const options = { dataDir: folder, onBadRow: 'fail', options: { table: MAPPED } } as const;
  const raw = await datasetSource('table').load({ ...options, files: named({ ratings: 'part-*.parquet' }) });
  expect(triples(raw)).toEqual([0, 1, 2].map((part) => ['u', String(part), 3, Date.UTC(2020, 0, part + 1)]));
  expect(raw.files[0]).toMatchObject({ file: 'part-*.parquet', rowsRead: 3 });
  expect(raw.files[0]!.sha256).toMatch(/^[\da-f]{64}$/u);
  const several = await errorOf(() => datasetSource('table').load(options));
  expect(several).toMatchObject({ code: 'DATA_AMBIGUOUS' });
  expect(several.message).toContain('part-0.parquet');
  const none = await errorOf(() => datasetSource('table').load({ ...options, files: named({ ratings: 'no-*.parquet' }) }));
  expect(none.code).toBe('DATA_LAKE');
});

test('without DuckDB a lake is an error that names the package', async () => {
  const error = await errorOf(() => openLake('*.parquet', () => Promise.reject(new Error('Cannot find package'))));
  expect(error).toMatchObject({ code: 'DATA_NO_DUCKDB' });
  expect(error.remedy).toContain('npm install @duckdb/node-api');
});

test('clicks are 0 and 1, and without ratings and clicks every row is a positive one', async () => {
  const files = { 'x.csv': 'u,i,c,t\n1,2,1,2017-05-06 00:00:00\n1,3,0,2017-05-06 00:00:01\n1,4,false,2017-05-06 00:00:02\n' };
  const clicks = await load('table', files, { table: mapping({ user: 'u', item: 'i', click: 'c', time: 't' }) });
  expect([...clicks.ratings.rating]).toEqual([1, 0, 0]);
  expect(clicks).toMatchObject({ ratings: { kind: 'click' }, label: { threshold: 1 } });
  const implicit = await load('table', files, { table: mapping({ user: 'u', item: 'i' }) });
  expect([...implicit.ratings.rating]).toEqual([1, 1, 1]);
  expect(implicit.ratings.kind).toBe('implicit');
  expect(implicit.ratings.timestamp).toBeUndefined();
  const error = await errorOf(() =>
    load('table', { 'x.csv': 'u,i,c\n1,2,1\n1,2,3\n' }, { table: mapping({ user: 'u', item: 'i', click: 'c' }) }),
  );
  expect(error).toMatchObject({ code: 'DATA_BAD_ROW', where: 'x.csv:3:5' });
});

const features = mapping({
  user: 'u',
  item: 'i',
  rating: 'r',
  texts: ['title', 'plot'],
  features: ['genres'],
  numbers: ['price'],
  userFeatures: ['city'],
});
const described = (raw: RawTables): unknown => ({ items: { ...raw.items, year: undefined }, users: raw.users });
const DESCRIBED = {
  items: {
    itemIds: ['i1', 'i2'],
    title: ['One & only', 'Two'],
    attributes: { plot: [['It, all'], []], genres: [['a', 'b'], []] },
    numbers: { price: Float32Array.of(1.5, NaN) },
    year: undefined,
  },
  users: { userIds: ['u1', 'u2'], attributes: { city: [['X'], ['Y']] }, numbers: {} },
};

test('texts and features come from files of items and users, or from the interactions, whose first row of each counts', async () => {
  const apart = await load(
    'table',
    {
      'a.csv': 'u,i,r\nu1,i1,5\nu2,i2,4\nu1,i2,3\n',
      'b.csv': 'i,title,plot,genres,price\ni1,One &amp; only,"It, all",a|b,1.5\ni2,Two,,,n/a\n',
      'c.csv': 'u,city\nu1,X\nu2,Y\n',
    },
    { table: features },
  );
  expect(described(apart)).toEqual(DESCRIBED);
  const flat = await load(
    'table',
    { 'a.csv': 'u,i,r,title,plot,genres,price,city\nu1,i1,5,One &amp; only,"It, all",a|b,1.5,X\nu2,i2,4,Two,,,,Y\nu1,i2,3,Other,,c,2,Z\n' },
    { table: features },
  );
  expect(described(flat)).toEqual(DESCRIBED);
  expect(flat.files.map(({ role, rowsRead, rowsDropped }) => [role, rowsRead, rowsDropped])).toEqual([
    ['ratings', 3, undefined],
    ['items', 3, { 'described-before': 1 }],
    ['users', 3, { 'described-before': 1 }],
  ]);
});

test('a text file without a header is read by the names of its columns', async () => {
  const raw = await load(
    'table',
    { 'x.txt': '1::7::5\n2::8::4\n' },
    { table: mapping({ user: 'u', item: 'i', rating: 'r', columns: ['u', 'i', 'r'] }) },
  );
  expect(triples(raw)).toEqual([
    ['1', '7', 5],
    ['2', '8', 4],
  ]);
});

test('a delimiter that is given is the only one, and a tab may be written as it is on a command line', async () => {
  const files = { 'x.csv': 'u,i\tr\n1\t2\n', 'y.csv': 'u\ti\tr\n1\t7\t5\n' };
  const options = (delimiter: string) => ({
    table: mapping({ user: 'u', item: 'i', rating: 'r', delimiter }),
    files: named({ ratings: 'y.csv' }),
  });
  expect(triples(await load('table', files, options('\\t')))).toEqual([['1', '7', 5]]);
  const error = await errorOf(() => load('table', files, options(';')));
  expect(error).toMatchObject({ code: 'DATA_HEADER' });
  expect(error.message).toContain('its fields are separated by "\\t"');
  expect(() => mapping({ delimiter: '"' })).toThrow('without a quote');
});

test('what is missing in the mapping is said with the columns that are there', async () => {
  const files = { 'x.csv': 'user_id,book,score\n1,2,3\n' };
  const error = await errorOf(() => load('table', files));
  expect(error).toMatchObject({ code: 'DATA_TABLE', where: 'data.table.user' });
  expect(error.message).toContain('x.csv has user_id, book, score');
  const both = await errorOf(() =>
    load('table', files, { table: mapping({ user: 'user_id', item: 'book', rating: 'score', click: 'score' }) }),
  );
  expect(both.code).toBe('DATA_TABLE');
  const column = await errorOf(() =>
    load('table', files, { table: mapping({ user: 'user_id', item: 'book', rating: 'stars' }), files: named({ ratings: 'x.csv' }) }),
  );
  expect(column).toMatchObject({ code: 'DATA_HEADER', where: 'x.csv:1:1' });
  expect(column.message).toContain('the column stars is missing');
});

test('a declared range and unit hold', async () => {
  const options = (table: Parameters<typeof mapping>[0]) => ({
    table: mapping({ user: 'u', item: 'i', rating: 'r', time: 't', ...table }),
  });
  const files = { 'x.csv': 'u,i,r,t\n1,2,3,1260759144\n1,3,6,1260759144\n' };
  expect((await errorOf(() => load('table', files, options({ maxRating: 5 })))).where).toBe('x.csv:3:5');
  expect((await errorOf(() => load('table', files, options({ minRating: 4 })))).where).toBe('x.csv:2:5');
  expect((await errorOf(() => load('table', files, options({ timeUnit: 'ms' })))).where).toBe('x.csv:2:7');
  expect(
    (await errorOf(() => load('table', { 'x.csv': 'u,i,r\n1,2,"4,5"\n' }, { table: mapping({ user: 'u', item: 'i', rating: 'r' }) })))
      .expected,
  ).toContain('not a comma');
});

test('a range holds for ratings that a file has as float32', async () => {
  const file = tableToIPC(tableFromArrays({ u: ['a', 'b'], i: ['x', 'y'], r: Float32Array.of(4.1, 4.3) }), 'file');
  const options = { table: mapping({ user: 'u', item: 'i', rating: 'r', minRating: 4.1, maxRating: 4.3 }) };
  expect((await load('table', { 'x.arrow': file }, options)).ratings.rating).toEqual(Float32Array.of(4.1, 4.3));
  expect(await errorOf(() => load('table', { 'x.csv': 'u,i,r\na,x,4.1\nb,y,4.301\n' }, options))).toMatchObject({ where: 'x.csv:3:5' });
});

const IDS = [1n, 2n, 3n].map((last) => 8_100_000_000_000_000_000n + last);

/** Rows as every form of file writes them, ids beyond 2^53 as integers. */
const asForm: Readonly<
  Record<string, (rows: readonly Readonly<Record<string, bigint | string | number>>[]) => [string, string | Uint8Array]>
> = {
  csv: (rows) => ['.csv', [Object.keys(rows[0]!), ...rows.map((row) => Object.values(row))].map((cells) => cells.join(',')).join('\n')],
  json: (rows) => [
    '.jsonl',
    rows
      .map(
        (row) =>
          `{${Object.entries(row)
            .map(([key, cell]) => `"${key}": ${typeof cell === 'string' ? JSON.stringify(cell) : cell}`)
            .join(', ')}}`,
      )
      .join('\n'),
  ],
  arrow: (rows) => {
    const columns = Object.keys(rows[0]!).map((key) => [key, rows.map((row) => row[key])] as const);
    const typed = columns.map(
      ([key, cells]) => [key, typeof cells[0] === 'bigint' ? BigInt64Array.from(cells as bigint[]) : cells] as const,
    );
    return ['.arrow', tableToIPC(tableFromArrays(Object.fromEntries(typed) as Record<string, unknown[]>), 'file')];
  },
};

test.each(['csv', 'json', 'arrow'].flatMap((form) => ['csv', 'json', 'arrow'].map((other) => [form, other] as const)))(
  'ids beyond 2^53 name the same item and user in %s and %s',
  async (form, other) => {
    const [[rated, ratings], [described, items], [people, users]] = [
      asForm[form]!(IDS.map((id, i) => ({ u: id + 100n, i: id, r: i + 1 }))),
      asForm[other]!(IDS.map((id, i) => ({ i: id, title: `T${i}` }))),
      asForm[other]!(IDS.map((id, i) => ({ u: id + 100n, city: `C${i}` }))),
    ] as const;
    const raw = await load(
      'table',
      { [`a${rated}`]: ratings, [`b${described}`]: items, [`c${people}`]: users },
      { table: mapping({ user: 'u', item: 'i', rating: 'r', texts: ['title'], userFeatures: ['city'] }) },
    );
    expect(triples(raw)).toEqual(IDS.map((id, i) => [String(id + 100n), String(id), i + 1]));
    expect(raw.items).toMatchObject({ itemIds: IDS.map(String), title: ['T0', 'T1', 'T2'] });
    expect(raw.users).toMatchObject({ userIds: IDS.map((id) => String(id + 100n)), attributes: { city: [['C0'], ['C1'], ['C2']] } });
  },
);

test('an id that floating point has rounded is refused, in interactions and in files of items', async () => {
  const options = { table: mapping({ user: 'u', item: 'i', rating: 'r', texts: ['title'] }) };
  const [exact, rounded] = ['8100000000000000001', '8100000000000000001.0'];
  for (const [inRatings, inItems] of [
    [exact, rounded],
    [rounded, exact],
  ]) {
    const files = { 'a.jsonl': `{"u": 1, "i": ${inRatings}, "r": 5}`, 'b.jsonl': `{"i": ${inItems}, "title": "T"}` };
    const error = await errorOf(() => load('table', files, options));
    expect(error).toMatchObject({ code: 'DATA_BAD_ROW', where: inItems === rounded ? 'b.jsonl:1:2' : 'a.jsonl:1:10' });
    expect(error.expected).toContain('2^53');
  }
});

test('blanks around an id are no part of it, in any file and with or without quotes', async () => {
  const files = { 'a.csv': 'u,i,r\n u1, x y ,5\n" u1 ",z ,4\n', 'b.jsonl': '{"i": "x y ", "title": "T"}\n{"i": " z", "title": "S"}' };
  const raw = await load('table', files, { table: mapping({ user: 'u', item: 'i', rating: 'r', texts: ['title'] }) });
  expect(triples(raw)).toEqual([
    ['u1', 'x y', 5],
    ['u1', 'z', 4],
  ]);
  expect(raw.items.itemIds).toEqual(['x y', 'z']);
  const blank = await errorOf(() =>
    load('table', { 'a.csv': 'u,i,r\nu1,  ,5\n' }, { table: mapping({ user: 'u', item: 'i', rating: 'r' }) }),
  );
  expect(blank).toMatchObject({ code: 'DATA_BAD_ROW', where: 'a.csv:2:6' });
});

test('a damaged Parquet or Arrow file is a typed error, wherever it is cut', async () => {
  const folder = await write({});
  await parquet(folder, 'x.parquet', SQL);
  const { readFile } = await import('node:fs/promises');
  const whole = { parquet: await readFile(join(folder, 'x.parquet')), arrow: Buffer.from(arrow('file')) };
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('parquet', 'arrow'), fc.double({ min: 0.05, max: 0.95, noNaN: true }), async (kind, share) => {
      const bytes = whole[kind];
      const cut = bytes.subarray(0, Math.floor(share * bytes.length));
      const error = await errorOf(() => load('table', { [`x.${kind}`]: cut }, { table: MAPPED, files: named({ ratings: `x.${kind}` }) }));
      expect(error.code).toMatch(/^DATA_(PARQUET|NOT_ARROW|HEADER|EMPTY_FILE)$/u);
    }),
    { numRuns: 20 },
  );
});

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import {
  buildTable,
  datasetSource,
  dictionaryColumn,
  float32Column,
  timestampColumn,
  uint32Column,
  utf8Column,
  utf8ListColumn,
  writeTable,
} from '@expctr/data';
import { zipOf } from '@expctr/test-support';
import { filesIn } from '../bytes.js';
import { promise, type Files, type Target } from '../target.js';

const ROWS = 12;
const CSV = [
  'u,i,r,t,title,tags,price',
  ...Array.from({ length: ROWS }, (_, at) => `a${at % 3},"b, ${at}",${1 + (at % 5)}.5,${1260759144 + at},"T ""${at}"" é",x|y,"1,2${at}"`),
  '',
].join('\n');
const JSONL = Array.from({ length: ROWS }, (_, at) =>
  JSON.stringify({ u: at, i: `b${at}`, r: 3.5, t: '2020-01-01', title: 'T', tags: ['x', 'y'], price: 1.5 }),
).join('\n');
const MAPPING = { user: 'u', item: 'i', rating: 'r', time: 't', texts: ['title'], features: ['tags'], numbers: ['price'] };

/** Reads ratings, and holds what came to what the reader promises. */
async function load(name: string, folder: string, options?: object): Promise<void> {
  const source = datasetSource(name);
  const own = source.options?.parse({ table: options ?? {} });
  const raw = await source.load({ dataDir: folder, onBadRow: 'skip', ...(own === undefined ? {} : { options: own }) });
  const { user, item, rating, timestamp, userIds, itemIds, length } = raw.ratings;
  for (const column of [user, item, rating, ...(timestamp ? [timestamp] : [])])
    promise(column.length === length, 'columns are as long as there are rows');
  promise(rating.every(Number.isFinite) && (timestamp?.every(Number.isFinite) ?? true), 'ratings and times are finite');
  promise(
    user.every((code) => code >= 0 && code < userIds.length) && item.every((code) => code >= 0 && code < itemIds.length),
    'codes have their ids',
  );
}

const tableTarget = (name: string, description: string, samples: Target['samples']): Target => ({
  name,
  description,
  samples,
  read: (folder) => load('table', folder, MAPPING),
});

async function parquetFiles(folder: string): Promise<Files[]> {
  mkdirSync(folder, { recursive: true });
  const connection = await (await DuckDBInstance.create()).connect();
  const rows = `SELECT 'a' || range AS u, range AS i, CAST(1.5 + range % 3 AS DECIMAL(6, 2)) AS r, TIMESTAMP '2020-01-01' AS t, 'T' || range AS title, ['x', NULL, 'y'] AS tags, 1.5::DOUBLE AS price FROM range(${ROWS})`;
  const files: Files[] = [];
  for (const codec of ['uncompressed', 'snappy', 'zstd', 'gzip', 'lz4_raw']) {
    await connection.run(`COPY (${rows}) TO '${join(folder, `${codec}.parquet`)}' (FORMAT parquet, COMPRESSION ${codec})`);
  }
  for (const [name, bytes] of Object.entries(filesIn(folder))) files.push({ [name]: bytes });
  connection.closeSync();
  return files;
}

async function arrowFiles(folder: string): Promise<Files[]> {
  const each = <T>(make: (at: number) => T): T[] => Array.from({ length: ROWS }, (_, at) => make(at));
  const columns = [
    dictionaryColumn('u', 0, Int32Array.from(each((at) => at % 3)), ['a', 'b', 'c']),
    utf8Column(
      'i',
      each((at) => `b${at}`),
    ),
    float32Column('r', Float32Array.from(each((at) => at % 5))),
    timestampColumn('t', Float64Array.from(each((at) => 1e12 + at))),
    utf8Column(
      'title',
      each((at) => `T${at}`),
    ),
    utf8ListColumn(
      'tags',
      each(() => ['x', 'y']),
    ),
    uint32Column('price', Uint32Array.from(each((at) => at))),
  ];
  await writeTable(join(folder, 'x.arrow'), buildTable('mine/1', ROWS, columns));
  return [filesIn(folder)];
}

const review = '{"reviewerID": "A1", "asin": "0001", "overall": 5, "unixReviewTime": 1393545600}';

/** Readers of ratings, items and users, form by form. */
export const ratingsTargets: readonly Target[] = [
  tableTarget('csv', 'CSV with quotes, lists and numbers with separators', () => Promise.resolve([{ 'x.csv': Buffer.from(CSV) }])),
  tableTarget('json-lines', 'JSON lines', () => Promise.resolve([{ 'x.jsonl': Buffer.from(JSONL) }])),
  tableTarget('parquet', 'Parquet in five compressions', parquetFiles),
  {
    ...tableTarget('lake', 'Parquet files that a glob names, by DuckDB', parquetFiles),
    read: (folder) => load('table', join(folder, '*.parquet'), MAPPING),
  },
  tableTarget('arrow-columns', 'Arrow files of ratings', arrowFiles),
  tableTarget('gzip', 'CSV in gzip', () => Promise.resolve([{ 'x.csv.gz': gzipSync(CSV) }])),
  tableTarget('zip', 'CSV in a zip archive', () => Promise.resolve([{ 'x.zip': zipOf({ 'x.csv': CSV }) }])),
  {
    name: 'amazon',
    description: 'Amazon reviews with metadata as Python literals',
    samples: () =>
      Promise.resolve([
        {
          'reviews_x.json': Buffer.from(`${review}\n${review}\n`),
          'meta_x.json': Buffer.from("{'asin': '0001', 'categories': [['B', u'C\\u00e9']], 'title': 'T', 'price': 1.5, 'x': None}\n"),
        },
      ]),
    read: (folder) => load('amazon', folder),
  },
  {
    name: 'movielens',
    description: 'MovieLens in its oldest two forms',
    samples: () =>
      Promise.resolve([
        { 'ratings.dat': Buffer.from('1::7::5::978300760\n2::7::1::978302109\n'), 'movies.dat': Buffer.from('7::M (1995)::Drama|War\n') },
        { 'u.data': Buffer.from('196\t242\t3\t881250949\n'), 'u.item': Buffer.from(`242|K (1996)|01-Jan-1996||x${'|0'.repeat(19)}\n`) },
      ]),
    read: (folder) => load('movielens', folder),
  },
];

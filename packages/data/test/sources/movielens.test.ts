import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataAsset } from '@expctr/test-support';
import { datasetSource } from '../../src/sources/sources.js';
import type { RawTables } from '../../src/sources/raw-tables.js';
import { errorOf } from '../support/errors.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'expctr-data-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function load(name: string, files: Record<string, string | Uint8Array>, onBadRow: 'skip' | 'fail' = 'fail'): Promise<RawTables> {
  const dataDir = await mkdtemp(join(folder, 'set-'));
  for (const [file, content] of Object.entries(files)) await writeFile(join(dataDir, file), content);
  return datasetSource(name).load({ dataDir, onBadRow });
}

const RATINGS = 'userId,movieId,rating,timestamp\r\n1,7,4.0,964982703\r\n1,11,0.5,964981247\r\n2,7,3.5,1445714835\r\n';
const MOVIES = [
  'movieId,title,genres',
  '7,"American President, The (1995)",Comedy|Drama',
  '11,"11\'09""01 - September 11 (2002)  ",(no genres listed)',
  '12,Amélie from Montmartre (Le fabuleux destin) (2001–2002),Comedy',
  '13,Cosmos,Documentary',
  '',
].join('\r\n');

test('the CSV family is read with its quotes, spaces, missing genres, missing years and CRLF', async () => {
  const { ratings, items, files } = await load('ml-20m', { 'ratings.csv': RATINGS, 'movies.csv': MOVIES });
  expect(items.title).toEqual([
    'American President, The (1995)',
    '11\'09"01 - September 11 (2002)',
    'Amélie from Montmartre (Le fabuleux destin) (2001–2002)',
    'Cosmos',
  ]);
  expect(items.attributes['genres']).toEqual([['Comedy', 'Drama'], [], ['Comedy'], ['Documentary']]);
  expect([...items.year]).toEqual([1995, 2002, 2001, NaN]);
  expect(Array.from(ratings.user, (code) => ratings.userIds[code])).toEqual(['1', '1', '2']);
  expect(Array.from(ratings.item, (code) => ratings.itemIds[code])).toEqual(['7', '11', '7']);
  expect([...ratings.rating]).toEqual([4, 0.5, 3.5]);
  expect([...ratings.timestamp!]).toEqual([964982703000, 964981247000, 1445714835000]);
  expect(files.map(({ file, rowsRead, rowsBad }) => [file, rowsRead, rowsBad])).toEqual([
    ['ratings.csv', 3, 0],
    ['movies.csv', 4, 0],
  ]);
});

test('files may be gzip, and a plain file goes before its gzip, which is noted', async () => {
  const both = { 'ratings.csv.gz': gzipSync(RATINGS.slice(0, 60)), 'ratings.csv': RATINGS, 'movies.csv.gz': gzipSync(MOVIES) };
  const { ratings, notes } = await load('movielens', both);
  expect(ratings.length).toBe(3);
  expect(notes).toEqual([expect.stringContaining('ratings.csv.gz beside it passed over')]);
});

test.each([
  ['a user id that is no number', 'x,7,4.0,964982703', 'ratings.csv:2:1', 'whole number'],
  ['a rating out of range', '1,7,5.5,964982703', 'ratings.csv:2:5', 'a number from 0.5 to 5'],
  ['a rating with a comma', '1,7,"4,5",964982703', 'ratings.csv:2:6', 'a number from 0.5 to 5'],
  ['a NUL byte', '1,7\0,4,964982703', 'ratings.csv:2:3', 'whole number'],
  ['a time in milliseconds', '1,7,4.0,964982703000', 'ratings.csv:2:9', 'seconds since 1970'],
  ['a row that ends early', '1,7,4.0', 'ratings.csv:2:8', '4 fields'],
])('%s is reported where it stands', async (_, line, where, expected) => {
  const error = await errorOf(() =>
    load('ml-latest', { 'ratings.csv': `userId,movieId,rating,timestamp\n${line}\n`, 'movies.csv': MOVIES }),
  );
  expect(error).toMatchObject({ code: 'DATA_BAD_ROW', where });
  expect(error.expected).toContain(expected);
  expect(error.expected).toContain('1,31,2.5,1260759144');
});

test('skipped rows are counted for each file', async () => {
  const { ratings, files } = await load('ml-latest', { 'ratings.csv': `${RATINGS}1,2\n`, 'movies.csv': MOVIES }, 'skip');
  expect(ratings.length).toBe(3);
  expect(files[0]).toMatchObject({ rowsRead: 4, rowsBad: 1 });
});

test('a wrong header, a missing file and an unknown dataset are refused by name', async () => {
  const header = await errorOf(() => load('ml-25m', { 'ratings.csv': 'user;movie\n1;2\n', 'movies.csv': MOVIES }));
  expect(header).toMatchObject({ code: 'DATA_HEADER', where: 'ratings.csv:1:1' });
  const missing = await errorOf(() => load('ml-25m', { 'movies.csv': MOVIES }));
  expect(missing).toMatchObject({ code: 'DATA_MISSING_FILE' });
  expect(missing.message).toContain('it holds movies.csv');
  expect(missing.message).toContain('userId,movieId,rating,timestamp');
  expect(missing.message).toContain('data.files.ratings');
  expect((await errorOf(() => datasetSource('ml-99'))).message).toContain('ml-latest-small');
  expect((await errorOf(() => datasetSource('ml-1m').load({ dataDir: '/no/such', onBadRow: 'fail' }))).code).toBe('DATA_FOLDER');
});

test('MovieLens 1M is read: :: between fields, ISO-8859-1, users with their codes', async () => {
  const files = {
    'ratings.dat': '1::7::5::978300760\n2::7::1::978302109\n',
    'movies.dat': Buffer.from("7::Misérables, Les (1995)::Drama|Musical\n8::Postino, Il: It's 100% (1994)::Drama\n", 'latin1'),
    'users.dat': '1::F::1::10::48067\n2::M::56::16::70072-1234\n',
  };
  for (const name of ['ml-1m', 'movielens']) {
    const { ratings, items, users } = await load(name, files);
    expect([...ratings.rating]).toEqual([5, 1]);
    expect(items.title).toEqual(['Misérables, Les (1995)', "Postino, Il: It's 100% (1994)"]);
    expect(users?.attributes).toEqual({
      gender: [['F'], ['M']],
      age: [['under 18'], ['56 or older']],
      occupation: [['K-12 student'], ['self-employed']],
    });
  }
  const six = await errorOf(() => load('ml-1m', { ...files, 'ratings.dat': '1::7::6::978300760\n' }));
  expect(six).toMatchObject({ where: 'ratings.dat:1:7' });
});

const small = dataAsset('ml-latest-small');
test.skipIf(small.missing)('ml-latest-small holds what its description counts', async () => {
  const { ratings, items, files } = await datasetSource('ml-latest-small').load({ dataDir: small.path, onBadRow: 'fail' });
  expect(ratings.length).toBe(100_836);
  expect(ratings.userIds).toHaveLength(610);
  expect(items.title).toHaveLength(9742);
  expect(items.attributes['genres']!.filter((genres) => genres.length === 0)).toHaveLength(34);
  expect(items.title.filter((title) => /[^\p{ASCII}]/u.test(title))).toHaveLength(293);
  expect(items.title.filter((title) => !/\(\d{4}\)$/u.test(title))).toHaveLength(13);
  expect(items.title.filter((title) => title.includes('"'))).toEqual([`11'09"01 - September 11 (2002)`]);
  expect(items.title.every((title) => title === title.trim())).toBe(true);
  expect(items.title.length - new Set(items.title).size).toBe(5);
  expect(files.map(({ rowsBad }) => rowsBad)).toEqual([0, 0]);
});

import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readIntegerRatings } from '../src/read/integer-ratings.js';
import { datasetSource } from '../src/sources/sources.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'expctr-data-'));
});
afterAll(() => rm(folder, { recursive: true }));

const HEADER = 'userId,movieId,rating,timestamp';
const FORMAT = { separator: ',', header: HEADER, ratings: [0.5, 5], seconds: [631152000, 4102444800] } as const;
const read = async (text: string, format: Parameters<typeof readIntegerRatings>[1] = FORMAT) => {
  await writeFile(join(folder, 'ratings.csv'), text);
  return readIntegerRatings(join(folder, 'ratings.csv'), format);
};

test('right files are read as the general reader reads them: codes, ids, ratings, times, counts and hash', async () => {
  const row = fc.tuple(
    fc.integer({ min: 0, max: 300 }),
    fc.integer({ min: 0, max: 10_000_000 }),
    fc.constantFrom('0.5', '1', '1.0', '3.5', '4.25', '5'),
    fc.integer({ min: 631152000, max: 1_700_000_000 }),
  );
  await writeFile(join(folder, 'movies.csv'), 'movieId,title,genres\n1,A (1990),Drama\n');
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 120 }),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      async (rows, end, closed) => {
        const text = [HEADER, ...rows.map((fields) => fields.join(','))].join(end) + (closed ? end : '');
        const quick = await read(text);
        // A quoted field is for the general reader, and means the same.
        const quoted = text.replace(`${end}${rows[0]![0]},`, `${end}"${rows[0]![0]}",`);
        await writeFile(join(folder, 'ratings.csv'), quoted);
        const general = await datasetSource('movielens').load({ dataDir: folder, onBadRow: 'fail' });
        expect(await readIntegerRatings(join(folder, 'ratings.csv'), FORMAT)).toBeUndefined();
        expect({ ...quick!.ratings, kind: 'rating' }).toEqual(general.ratings);
        expect(quick!.digest).toEqual({ sha256: createHash('sha256').update(text).digest('hex'), bytes: text.length });
      },
    ),
    { numRuns: 8 },
  );
});

test('a file longer than a chunk loses no line where chunks meet', async () => {
  const lines = Array.from(
    { length: 120_000 },
    (_, i) => `${1 + (i % 977)},${1 + ((i * 31) % 5003)},${1 + (i % 5)}.0,${1_000_000_000 + i}`,
  );
  const { ratings } = (await read(`${HEADER}\n${lines.join('\n')}`))!;
  expect(ratings.length).toBe(lines.length);
  const wrong = lines.findIndex(
    (line, i) =>
      line !==
      `${ratings.userIds[ratings.user[i]!]},${ratings.itemIds[ratings.item[i]!]},${ratings.rating[i]!.toFixed(1)},${ratings.timestamp[i]! / 1000}`,
  );
  expect(wrong).toBe(-1);
});

test.each([
  ['another header', 'user,movie,rating,time\n1,1,3,1000000000\n'],
  ['a quote', `${HEADER}\n"1",1,3,1000000000\n`],
  ['an empty line', `${HEADER}\n1,1,3,1000000000\n\n1,2,3,1000000000\n`],
  ['a leading zero', `${HEADER}\n01,1,3,1000000000\n`],
  ['a sign', `${HEADER}\n-1,1,3,1000000000\n`],
  ['a rating out of range', `${HEADER}\n1,1,5.5,1000000000\n`],
  ['a rating that ends in a point', `${HEADER}\n1,1,3.,1000000000\n`],
  ['a time out of range', `${HEADER}\n1,1,3,1000000000000\n`],
  ['a field too few', `${HEADER}\n1,1,3\n`],
  ['a field too many', `${HEADER}\n1,1,3,1000000000,9\n`],
  ['an id too large', `${HEADER}\n99999999999,1,3,1000000000\n`],
  ['a byte that is no digit', `${HEADER}\n1,1\0,3,1000000000\n`],
  ['no rows', `${HEADER}\n`],
  ['nothing', ''],
])('%s is left to the general reader', async (_, text) => {
  expect(await read(text)).toBeUndefined();
});

test('two characters between fields, and no header', async () => {
  const format = { separator: '::', ratings: [1, 5], seconds: FORMAT.seconds } as const;
  const { ratings } = (await read('1::7::5::978300760\n2::7::1::978302109', format))!;
  expect([...ratings.rating]).toEqual([5, 1]);
  expect(ratings.userIds).toEqual(['1', '2']);
  expect(await read('1:7:5:978300760\n', format)).toBeUndefined();
});

import { expect, test } from 'vitest';
import { dataAsset } from '@expctr/test-support';
import type { TableOptions } from '../../src/sources/options.js';
import type { LoadOptions, RawTables } from '../../src/sources/raw-tables.js';
import { datasetSource } from '../../src/sources/sources.js';
import { errorOf } from '../support/errors.js';
import { mapping, named } from '../support/source-files.js';

const load = (name: string, dataDir: string, options: Partial<LoadOptions> = {}): Promise<RawTables> =>
  datasetSource(name).load({ dataDir, onBadRow: 'fail', ...options });
const counts = ({ files }: RawTables): unknown[] => files.map(({ role, rowsRead, rowsBad }) => [role, rowsRead, rowsBad]);
const size = ({ ratings }: RawTables): number[] => [ratings.length, ratings.userIds.length, ratings.itemIds.length];

const original = dataAsset('bookcrossing');
test.skipIf(original.missing)('the original of BookCrossing holds what its description counts', async () => {
  const raw = await load('bookcrossing', original.path);
  expect(counts(raw)).toEqual([
    ['ratings', 39_268, 0],
    ['users', 278_858, 0],
  ]);
  expect(size(raw).slice(0, 2)).toEqual([39_268, 4287]);
  expect(raw.ratings.rating.filter((rating) => rating === 0)).toHaveLength(24_157);
  expect(raw.ratings.itemIds).toContain('0440907020>>3');
  // Ages: 110,762 NULL, 416 of 0 and 366 over 100 tell nothing.
  expect(raw.users!.attributes['age']!.filter((age) => age.length === 0)).toHaveLength(110_762 + 416 + 366);
  expect(new Set(raw.users!.userIds).size).toBe(278_858);
  expect(raw.users!.attributes['country']![raw.users!.userIds.indexOf('4')]).toEqual(['portugal']);
});

const course = dataAsset('bookcrossing-subset');
test.skipIf(course.missing)('the course copy of BookCrossing holds what its description counts, and joins whole', async () => {
  const raw = await load('bookcrossing', course.path);
  expect(counts(raw)).toEqual([
    ['ratings', 204_164, 0],
    ['items', 18_185, 0],
    ['users', 48_299, 0],
  ]);
  expect(size(raw)).toEqual([204_164, 48_299, 18_185]);
  expect(raw.items.year.filter((year) => Number.isNaN(year)).length).toBeGreaterThanOrEqual(314); // year 0, and years to come
  const items = new Set(raw.items.itemIds);
  expect(raw.ratings.itemIds.every((id) => items.has(id))).toBe(true);
  expect(raw.users!.attributes['country']!.flat().some((country) => country.includes('"'))).toBe(false);
});

const instruments = dataAsset('amazon-musical-instruments-2014');
test.skipIf(instruments.missing)('the musical instruments of Amazon are the 5-core that was published', async () => {
  const raw = await load('amazon', instruments.path);
  expect(size(raw)).toEqual([10_261, 1429, 900]);
  expect(raw.notes).toHaveLength(1);
});

const music = dataAsset('amazon-digital-music-2014');
test.skipIf(music.missing)('damaged downloads of Amazon are refused, or on request read as far as they go', async () => {
  const error = await errorOf(() => load('amazon', music.path));
  expect(error).toMatchObject({ code: 'DATA_GZIP', where: 'meta_Digital_Music.json.gz' });
  expect(error.remedy).toContain('data.truncated=keep');
  const raw = await load('amazon', music.path, { truncated: 'keep' });
  expect(counts(raw)).toEqual([
    ['ratings', 6909, 1],
    ['items', 7420, 1],
  ]);
  expect(size(raw)).toEqual([6908, 2490, 382]);
  const items = new Set(raw.items.itemIds);
  expect(raw.ratings.itemIds.every((id) => items.has(id))).toBe(true);
});

const books = dataAsset('amazon-books-2014');
test.skipIf(books.missing)(
  'two samples of reviews in one folder are told apart by the option, and the first joins its metadata',
  async () => {
    expect((await errorOf(() => load('amazon', books.path))).message).toContain('Books_small.keithgalli.json.gz');
    const raw = await load('amazon', books.path, { files: named({ ratings: 'reviews_Books_5.first1000.json.gz' }) });
    expect(counts(raw)).toEqual([
      ['ratings', 1000, 0],
      ['items', 1000, 0],
    ]);
    expect(size(raw)).toEqual([1000, 996, 12]);
    expect(raw.ratings.itemIds.every((id) => raw.items.itemIds.includes(id))).toBe(true);
    const other = await load('amazon', books.path, { files: named({ ratings: 'Books_small.keithgalli.json.gz' }) });
    expect(other.ratings.length).toBe(1000);
  },
);

const kaggle = dataAsset('amazon-books-kaggle');
test.skipIf(kaggle.missing)('the pair of Kaggle files is read up to the row in which each is cut', async () => {
  const files = named({ ratings: 'Books_rating.csv.gz' });
  expect(await errorOf(() => load('amazon', kaggle.path, { files }))).toMatchObject({
    code: 'DATA_BAD_ROW',
    where: 'books_data.csv.gz:1400:19',
  });
  const raw = await load('amazon', kaggle.path, { files, onBadRow: 'skip' });
  expect(raw.files).toMatchObject([
    { rowsRead: 1424, rowsBad: 1, rowsDropped: { 'without-user': 313 } },
    { rowsRead: 1399, rowsBad: 1, rowsDropped: { 'without-title': 1 } },
  ]);
  const items = new Set(raw.items.itemIds);
  expect(raw.ratings.itemIds.every((id) => items.has(id))).toBe(true);
});

const samples = dataAsset('ctr-samples');
test.skipIf(samples.missing).each<[string, number, Partial<TableOptions>]>([
  [
    'movielens_sample.txt',
    200,
    {
      user: 'user_id',
      item: 'movie_id',
      rating: 'rating',
      time: 'timestamp',
      texts: ['title'],
      features: ['genres'],
      userFeatures: ['gender', 'age'],
    },
  ],
  ['avazu_sample.txt', 100, { user: 'device_ip', item: 'site_id', click: 'click' }],
  ['criteo_sample.txt', 200, { user: 'C17', item: 'C14', click: 'label' }],
  [
    'fuxictr_tiny_csv/train_sample.csv',
    100,
    { user: 'userid', item: 'adgroup_id', click: 'clk', time: 'time_stamp', features: ['cate_id'] },
  ],
])('%s goes through the general table', async (file, rows, columns) => {
  const raw = await load('table', samples.path, { options: { table: mapping(columns) }, files: named({ ratings: file }) });
  expect(raw.ratings.length).toBe(rows);
  expect(raw.files.map(({ rowsRead, rowsBad }) => [rowsRead, rowsBad])).toEqual(raw.files.map(() => [rows, 0]));
  expect(new Set(raw.items.itemIds)).toEqual(new Set(raw.ratings.itemIds));
});

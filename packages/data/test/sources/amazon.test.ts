import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { errorOf } from '../support/errors.js';
import { sourceFolders, triples } from '../support/source-files.js';

const { load } = sourceFolders();
const lines = (...rows: unknown[]): string => rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n');

const review2014 = {
  reviewerID: 'A1',
  asin: '0001',
  helpful: [0, 0],
  reviewText: '',
  overall: 5,
  summary: 'x',
  unixReviewTime: 1393545600,
};

test('reviews and metadata of 2014 are read: Python literals, nested categories, missing fields, HTML entities', async () => {
  const raw = await load('amazon', {
    'reviews.json.gz': gzipSync(lines(review2014, { ...review2014, reviewerID: 'A2', asin: '0002', overall: 1 })),
    'meta.json.gz': gzipSync(
      lines(
        `{'asin': '0001', 'title': "O'Reilly &amp; \\"Sons\\" \\xe9", 'price': 9.49, 'categories': [['Books', 'Fiction'], ['Books']], 'brand': 'X', 'related': {'also_bought': ['0002']}}`,
        `{'asin': '0002', 'imUrl': 'http://x', 'categories': [['Books']]}`,
      ),
    ),
  });
  expect(triples(raw)).toEqual([
    ['A1', '0001', 5, 1393545600000],
    ['A2', '0002', 1, 1393545600000],
  ]);
  expect(raw.items.title).toEqual([`O'Reilly & "Sons" é`, '0002']);
  expect(raw.items.attributes).toEqual({ categories: [['Books', 'Fiction'], ['Books']], brand: [['X'], []] });
  expect([...raw.items.numbers!['price']!]).toEqual([Math.fround(9.49), NaN]);
});

test('reviews and metadata of 2018 are read: votes with commas, prices with $, HTML, page code in place of a title', async () => {
  const raw = await load('amazon', {
    'Books.json': lines(
      {
        overall: 4.0,
        vote: '1,234',
        verified: true,
        reviewTime: '03 11, 2014',
        reviewerID: 'A1',
        asin: 'B1',
        style: { 'Format:': ' Kindle' },
        unixReviewTime: 1394496000,
      },
      { overall: 2.0, verified: false, reviewerID: 'A1', asin: 'B2', unixReviewTime: 1394496001 },
    ),
    'meta_Books.json': lines(
      {
        category: ['Books', 'History &amp; War'],
        description: ['<p>long</p>'],
        title: 'A <b>bold</b> book',
        brand: 'Pub',
        price: '$1,299.00',
        asin: 'B1',
      },
      { category: [], title: 'var aPageStart = (new Date()).getTime();', brand: '', asin: 'B2' },
      { category: ['Books'], title: 'again', brand: '', asin: 'B1' },
    ),
  });
  expect(triples(raw)).toEqual([
    ['A1', 'B1', 4, 1394496000000],
    ['A1', 'B2', 2, 1394496001000],
  ]);
  expect(raw.items.itemIds).toEqual(['B1', 'B1']); // the first of them counts, later
  expect(raw.items.title[0]).toBe('A bold book');
  expect([...raw.items.numbers!['price']!]).toEqual([1299, NaN]);
  expect(raw.items.attributes['categories']![0]).toEqual(['Books', 'History & War']);
  expect(raw.files[1]).toMatchObject({ rowsRead: 3, rowsBad: 0, rowsDropped: { 'page-code-title': 1 } });
});

test('reviews of 2023 are read by parent_asin, with times in milliseconds; also as CSV', async () => {
  const meta = lines({
    main_category: 'Books',
    title: 'T',
    average_rating: 4.5,
    features: [],
    price: null,
    store: 'S',
    categories: ['Books', 'Art'],
    parent_asin: 'P1',
  });
  const row = {
    rating: 5.0,
    title: 'Great',
    text: 'x',
    images: [],
    asin: 'B9',
    parent_asin: 'P1',
    user_id: 'AGK',
    timestamp: 1588687728923,
    helpful_vote: 0,
    verified_purchase: true,
  };
  const json = await load('amazon', { 'a.jsonl': lines(row), 'b.jsonl': meta });
  expect(triples(json)).toEqual([['AGK', 'P1', 5, 1588687728923]]);
  expect(json.items).toMatchObject({ title: ['T'], attributes: { categories: [['Books', 'Art']], brand: [['S']] } });
  const csv = await load('amazon', { 'a.csv': 'user_id,parent_asin,rating,timestamp\nAGK,P1,5.0,1588687728923\n' });
  expect(triples(csv)).toEqual(triples(json));
});

test('ratings alone are read: the user stands first in those of 2014, the item in those of 2018', async () => {
  for (const text of ['AH2L9G3DQHHAJ,0000000116,4.0,1019865600\n', '0000000116,AH2L9G3DQHHAJ,4.0,1019865600\n']) {
    expect(triples(await load('amazon', { 'Books.csv': text }))).toEqual([['AH2L9G3DQHHAJ', '0000000116', 4, 1019865600000]]);
  }
});

test('the books of Kaggle are joined on their titles; reviews without a user are dropped by a named rule', async () => {
  const raw = await load('amazon', {
    'r.csv':
      'Id,Title,Price,User_id,profileName,review/helpfulness,review/score,review/time,review/summary,review/text\n1,"A ""B"", C",,U1,x,7/7,4.0,940636800,s,"t,\nt"\n1,"A ""B"", C",,,,7/7,4.0,940636800,s,t\n',
    'b.csv': `Title,description,authors,image,previewLink,publisher,publishedDate,infoLink,categories,ratingsCount\n"A ""B"", C",,"['Jo ""X"" Y', ""O'Z""]",,,P,2003-05-01,,['Art'],\n`,
  });
  expect(triples(raw)).toEqual([['U1', 'A "B", C', 4, 940636800000]]);
  expect(raw.files[0]).toMatchObject({ rowsRead: 2, rowsBad: 0, rowsDropped: { 'without-user': 1 } });
  expect(raw.items).toMatchObject({ itemIds: ['A "B", C'], attributes: { author: [['Jo "X" Y', "O'Z"]], categories: [['Art']] } });
  expect([...raw.items.year]).toEqual([2003]);
});

test.each([
  ['a line that is no JSON', '{"reviewerID": "A1", "asin": }', 'r.json:2:30', 'no JSON'],
  ['a line cut in the middle', '{"reviewerID": "A1", "as', 'r.json:2:25', 'not closed'],
  ['a list', '[1, 2]', 'r.json:2:1', 'no JSON object'],
  ['a missing field', '{"reviewerID": "A1", "overall": 5.0, "unixReviewTime": 1393545600}', 'r.json:2:1', 'no item id'],
  ['a rating of 6', JSON.stringify({ ...review2014, overall: 6 }), 'r.json:2:66', 'a number from 1 to 5'],
  ['a rating with a comma', JSON.stringify({ ...review2014, overall: '4,5' }), 'r.json:2:66', 'not a comma'],
  ['a time out of range', JSON.stringify({ ...review2014, unixReviewTime: -1 }), 'r.json:2:92', 'seconds since 1970'],
  ['an id of the wrong type', JSON.stringify({ ...review2014, reviewerID: [1] }), 'r.json:2:2', 'no user id'],
])('%s is reported where it stands, and counted when skipped', async (_, line, where, message) => {
  const files = { 'r.json': lines(review2014, line, review2014) };
  const error = await errorOf(() => load('amazon', files));
  expect(error).toMatchObject({ code: 'DATA_BAD_ROW', where });
  expect(error.message).toContain(message);
  expect(error.expected).toContain('A2IBPI20UZIR0U');
  const raw = await load('amazon', files, { onBadRow: 'skip' });
  expect(raw.ratings.length).toBe(2);
  expect(raw.files[0]).toMatchObject({ rowsRead: 3, rowsBad: 1 });
});

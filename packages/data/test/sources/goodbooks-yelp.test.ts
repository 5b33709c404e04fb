import { expect, test } from 'vitest';
import { errorOf } from '../support/errors.js';
import { sourceFolders, triples } from '../support/source-files.js';

const { load } = sourceFolders();

const COLUMNS =
  'best_book_id,work_id,books_count,isbn,isbn13,authors,original_publication_year,original_title,title,language_code,average_rating';
const HUNGER =
  '2767052,2792775,272,439023483,9.78043902348e+12,Suzanne Collins,2008.0,The Hunger Games,"The Hunger Games (The Hunger Games, #1)",eng,4.34';
const ANCIENT = '3,4640799,491,439554934,9.78e+12,"Homer, Robert Fagles",-762.0,,The Iliad,,3.86';

test.each([
  [
    'of the repository',
    `book_id,goodreads_book_id,${COLUMNS}\n1,2767052,${HUNGER}\n2,3,${ANCIENT}\n`,
    'user_id,book_id,rating\n314,1,5\n439,2,3\n',
  ],
  ['of the first release', `id,book_id,${COLUMNS}\n1,2767052,${HUNGER}\n2,3,${ANCIENT}\n`, 'book_id,user_id,rating\n1,314,5\n2,439,3\n'],
])('goodbooks-10k %s is read: ratings name the place among the books, files of tags are left alone', async (_, books, ratings) => {
  const raw = await load('goodbooks', {
    'ratings.csv': ratings,
    'books.csv': books,
    'book_tags.csv': 'goodreads_book_id,tag_id,count\n1,30574,167697\n',
    'tags.csv': 'tag_id,tag_name\n0,-\n',
    'to_read.csv': 'user_id,book_id\n1,112\n',
  });
  expect(triples(raw)).toEqual([
    ['314', '1', 5],
    ['439', '2', 3],
  ]);
  expect(raw.ratings.timestamp).toBeUndefined();
  expect(raw.items).toMatchObject({
    itemIds: ['1', '2'],
    title: ['The Hunger Games (The Hunger Games, #1)', 'The Iliad'],
    attributes: { author: [['Suzanne Collins'], ['Homer', 'Robert Fagles']], language: [['eng'], []], genres: [[], []] },
  });
  expect([...raw.items.year]).toEqual([2008, -762]);
});

test('goodbooks-10k without its books is refused', async () => {
  expect(await errorOf(() => load('goodbooks', { 'ratings.csv': 'user_id,book_id,rating\n1,1,5\n' }))).toMatchObject({
    code: 'DATA_MISSING_FILE',
  });
});

const REVIEW = { review_id: 'r', user_id: 'mh_-', business_id: 'XQfw', stars: 3.0, useful: 0, text: 'fine', date: '2018-07-07 22:09:11' };

test('Yelp is read: dates as text, categories as text, list or null; tips and users are left alone', async () => {
  const raw = await load('yelp', {
    'review.json': [REVIEW, { ...REVIEW, business_id: 'B2', stars: 5, date: '2012-08-01' }].map((row) => JSON.stringify(row)).join('\n'),
    'business.json': [
      {
        business_id: 'XQfw',
        name: 'Turning &amp; Point',
        city: 'North Wales',
        state: 'PA',
        stars: 3.0,
        attributes: null,
        categories: 'Restaurants, Breakfast & Brunch',
      },
      { business_id: 'B2', name: 'Two', city: 'X', state: 'NV', categories: ['Bars'] },
      { business_id: 'B3', name: 'Three', city: 'X', state: 'NV', categories: null },
    ]
      .map((row) => JSON.stringify(row))
      .join('\n'),
    'tip.json': JSON.stringify({ user_id: 'u', business_id: 'XQfw', text: 'x', date: '2012-05-18 02:17:21', compliment_count: 0 }),
    'user.json': JSON.stringify({ user_id: 'u', name: 'W', review_count: 585, yelping_since: '2007-01-25 16:47:26' }),
  });
  expect(triples(raw)).toEqual([
    ['mh_-', 'XQfw', 3, Date.UTC(2018, 6, 7, 22, 9, 11)],
    ['mh_-', 'B2', 5, Date.UTC(2012, 7, 1)],
  ]);
  expect(raw.items.title).toEqual(['Turning & Point', 'Two', 'Three']);
  expect(raw.items.attributes['categories']).toEqual([['Restaurants', 'Breakfast & Brunch'], ['Bars'], []]);
});

test('a Yelp date that does not exist is a bad row', async () => {
  const files = {
    'review.json': JSON.stringify({ ...REVIEW, date: '2018-02-30 10:00:00' }),
    'business.json': '{"business_id":"XQfw","name":"x","categories":null}',
  };
  const error = await errorOf(() => load('yelp', files));
  expect(error).toMatchObject({ code: 'DATA_BAD_ROW' });
  expect(error.expected).toContain('a date such as 2018-07-07 22:09:11');
});

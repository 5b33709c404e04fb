import { expect, test } from 'vitest';
import { errorOf } from '../support/errors.js';
import { sourceFolders, triples } from '../support/source-files.js';

const { load } = sourceFolders();
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

const RATINGS = '"User-ID";"ISBN";"Book-Rating"\r\n"276725";"034545104X";"0"\r\n"276726";"0155061224";"5"\r\n';
const BOOKS = [
  '"ISBN";"Book-Title";"Book-Author";"Year-Of-Publication";"Publisher";"Image-URL-S";"Image-URL-M";"Image-URL-L"',
  '"034545104X";"Flesh Tones: A Novel";"M. J. Rose";"2002";"Ballantine Books";"http://a";"http://b";"http://c"',
  '"0155061224";"Rites of \\"Passage\\"; &amp; more";"Jos\xe9 Mart\xed";"0";"Heinle";"http://a";"http://b";"http://c"',
  '',
].join('\r\n');
const USERS = [
  '"User-ID";"Location";"Age"',
  '"276725";"tyler, texas, usa";NULL',
  '"276726";"seattle;\nwashington, \\"usa\\"";"18"',
  '"3";"m&#252;nchen, bayern, germany";"239"',
  '"4";"weston, ,";"0"',
].join('\r\n');

test('the original is read: Latin-1, backslashes before quotes, semicolons and a line break in quotes, NULL, entities', async () => {
  const raw = await load('bookcrossing', {
    'BX-Book-Ratings.csv': latin1(RATINGS),
    'BX-Books.csv': latin1(BOOKS),
    'BX-Users.csv': latin1(USERS),
  });
  expect(triples(raw)).toEqual([
    ['276725', '034545104X', 0],
    ['276726', '0155061224', 5],
  ]);
  expect(raw.items.title).toEqual(['Flesh Tones: A Novel', 'Rites of "Passage"; & more']);
  expect(raw.items.attributes).toEqual({ author: [['M. J. Rose'], ['José Martí']], publisher: [['Ballantine Books'], ['Heinle']] });
  expect([...raw.items.year]).toEqual([2002, NaN]);
  expect(raw.users).toEqual({
    userIds: ['276725', '276726', '3', '4'],
    attributes: { age: [[], ['18'], [], []], country: [['usa'], ['usa'], ['germany'], []] },
  });
  expect(raw.label).toEqual({ threshold: 8, zerosAreImplicit: true });
  expect(raw.files.map(({ role, rowsRead, rowsBad }) => [role, rowsRead, rowsBad])).toEqual([
    ['ratings', 2, 0],
    ['items', 2, 0],
    ['users', 4, 0],
  ]);
});

test.each([
  [
    'comma form of a course',
    'ISBN,Book-Title,Book-Author,Year-Of-Publication,Book-Publisher\n1,"A, B",C,1999,D\n',
    'User-ID,ISBN,Book-Rating\n7,1,9\n',
  ],
  ['short names with semicolons', 'ISBN;Title;Author;Year;Publisher\n1;A, B;C;1999;D\n', 'User-ID;ISBN;Rating\n7;1;9\n'],
  [
    'UTF-8 with a byte-order mark',
    '\uFEFFISBN,Book-Title,Book-Author,Year-Of-Publication,Publisher\n1,"A, B",C,1999,D\n',
    '\uFEFFUser-ID,ISBN,Book-Rating\n7,1,9\n',
  ],
])('the %s is read under any file names', async (_, books, ratings) => {
  const raw = await load('bookcrossing', { 'one.txt': books, 'two.txt': ratings });
  expect(triples(raw)).toEqual([['7', '1', 9]]);
  expect(raw.items).toMatchObject({ title: ['A, B'], attributes: { author: [['C']], publisher: [['D']] }, year: Float32Array.of(1999) });
});

test('ratings alone, without a header, are read; the ids stand for titles', async () => {
  const { ratings, items, notes } = await load('bookcrossing', { 'slice.csv': '"43842";"0739432540";"0"\r\n"43842";"044\xe9";"10"' });
  expect(ratings.length).toBe(2);
  expect(items.title).toEqual(['0739432540', '044é']);
  expect(notes.join()).toContain('no file describes the items');
});

test.each([
  ['a rating above 10', '"1";"2";"11"', '3:10'],
  ['a user id that is no number', '"x";"2";"1"', '3:2'],
  ['an empty ISBN', '"1";"";"1"', '3:6'],
  ['a quote in the middle of a field', '"1";"2;"3"', '3:9'],
])('%s is reported where it stands', async (_, line, where) => {
  const error = await errorOf(() => load('bookcrossing', { 'r.csv': `"User-ID";"ISBN";"Book-Rating"\n"1";"2";"3"\n${line}\n` }));
  expect(error).toMatchObject({ code: 'DATA_BAD_ROW', where: `r.csv:${where}` });
  expect(error.expected).toContain('034545104X');
});

test('a row of books with shifted columns is bad, not read into the wrong columns', async () => {
  const shifted =
    '"078946697X";"DK Readers\\";Michael Teitelbaum\\"";"2000";"DK Publishing Inc";"http://x";"http://a";"http://b";"http://c"\r\n';
  const files = { 'r.csv': RATINGS, 'b.csv': BOOKS + shifted };
  const error = await errorOf(() => load('bookcrossing', files));
  expect(error).toMatchObject({ code: 'DATA_BAD_ROW', where: 'b.csv:4:58' });
  const raw = await load('bookcrossing', files, { onBadRow: 'skip' });
  expect(raw.files[1]).toMatchObject({ rowsRead: 3, rowsBad: 1 });
  expect(raw.items.title).toHaveLength(2);
});

import { expect, test } from 'vitest';
import { createNumberColumn } from '../../src/sources/number-column.js';
import { mapping, sourceFolders } from '../support/source-files.js';

const { load } = sourceFolders();
const read = (...cells: unknown[]): ReturnType<ReturnType<typeof createNumberColumn>['finish']> => {
  const column = createNumberColumn();
  for (const cell of cells) column.push(cell);
  return column.finish();
};

test.each<[string, unknown, number]>([
  ['a number', 12.5, 12.5],
  ['a 64-bit number', 12n, 12],
  ['an exponent', '-1.5e3', -1500],
  ['a sign before the currency', '-$12.50', -12.5],
  ['a sign behind it', '€ -12.50', -12.5],
  ['dollars', 'US$2,450.75', 2450.75],
  ['a code', 'EUR 2.450,75', 2450.75],
  ['a currency behind the number', '2.450,75\u00a0€', 2450.75],
  ['a comma for decimals', '34,5', 34.5],
  ['a comma for decimals of a thousand', '2450,125', 2450.125],
  ['a comma behind zero', '0,125', 0.125],
  ['a point behind zero', '0.125', 0.125],
  ['millions', '12,345,678', 12_345_678],
  ['millions with points', '12.345.678', 12_345_678],
  ['groups of India', '12,34,567.5', 1_234_567.5],
  ['blanks between groups', ' 12 345,125 ', 12_345.125],
  ['narrow blanks', '12\u202f345', 12_345],
  ['apostrophes', "CHF 12'345.50", 12_345.5],
  ['one point alone', '2.450', 2.45],
])('%s: %s is %d', (_, cell, expected) => {
  expect(read(cell)).toEqual({ values: Float32Array.of(expected), unread: { count: 0, first: [] } });
});

test('a mark before three digits is what it is in the rest of the column', () => {
  expect([...read('2,450', '-$3.50').values]).toEqual([2450, -3.5]);
  expect([...read('2,450', '2.450', '3,5').values]).toEqual([Math.fround(2.45), 2450, 3.5]);
  expect([...read('2,450', '2.450', '1.5').values]).toEqual([2450, Math.fround(2.45), 1.5]);
});

test.each<[string, unknown[], string[]]>([
  ['a mark that the column leaves open', ['2,450', '7'], ['2,450']],
  ['a column of both kinds', ['1.5', '1,5', '2,450', '2.450'], ['2,450', '2.450']],
  ['a range', ['$1.00 - $2.50'], ['$1.00 - $2.50']],
  ['a unit', ['120 MIN', '5 kg', '15%'], ['120 MIN', '5 kg', '15%']],
  ['a second currency', ['$5', '€5', '$7'], ['€5']],
  ['groups that are none', ['1,2345,6', '12.34.5', '1 23'], ['1,2345,6', '12.34.5', '1 23']],
  ['what float32 does not hold', [Infinity, '1e40', 'inf'], ['Infinity', '1e40', 'inf']],
  ['no number at all', [true, [1n], 'x'.repeat(60)], ['true', '["1"]', `${'x'.repeat(40)}…`]],
])('not read, and counted: %s', (_, cells, first) => {
  const { values, unread } = read(...cells);
  expect(unread).toEqual({ count: first.length, first });
  expect(values.filter((value) => Number.isNaN(value))).toHaveLength(first.length);
});

test('missing values are not counted', () => {
  expect(read(null, undefined, NaN, '', ' n/a', 'NaN', '-').unread.count).toBe(0);
});

test.each([
  ['x.csv', 'i,title,price\na,A,"$2,450.75"\nb,B,3.5 to 4\n'],
  ['x.jsonl', '{"i":"a","title":"A","price":"$2,450.75"}\n{"i":"b","title":"B","price":"3.5 to 4"}\n'],
])('prices of %s are read, and those that are not are noted', async (name, items) => {
  const raw = await load(
    'table',
    { 'r.csv': 'u,i,r\n1,a,5\n1,b,3\n', [name]: items },
    { table: mapping({ user: 'u', item: 'i', rating: 'r', texts: ['title'], numbers: ['price'] }) },
  );
  expect(raw.items.numbers).toEqual({ price: Float32Array.of(2450.75, NaN) });
  expect(raw.files[1]).toMatchObject({ rowsBad: 0, numbersUnread: { price: { count: 1, first: ['3.5 to 4'] } } });
  expect(raw.notes).toContain(
    `${name}: 1 of 2 cells of the column price are no numbers that can be read ("3.5 to 4"), and count as missing`,
  );
});

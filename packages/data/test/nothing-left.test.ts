import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { prepareDataset } from '../src/index.js';

/** The error of a table that is prepared from one file. */
async function errorOf(name: string, text: string, table: object, data: object = {}): Promise<{ code: string; message: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'expctr-nothing-'));
  await writeFile(join(folder, name), text);
  const options = { dataset: 'table', dataDir: folder, onBadRow: 'skip', data: { kCore: 0, table, ...data } } as const;
  try {
    await prepareDataset(options);
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error('it was prepared');
}

const lines = (count: number, line: (row: number) => string): string =>
  Array.from({ length: count }, (_, row) => `${line(row)}\n`).join('');

test('where every row was skipped, the error counts the reasons and shows the first row', async () => {
  const text = `who,what,stars\n${lines(1501, (row) => `u${row % 30},i${row % 50},${row % 3 === 0 ? '' : 'good'}`)}`;
  const { code, message } = await errorOf('shop.csv', text, { user: 'who', item: 'what', rating: 'stars' });
  expect(code).toBe('DATA_EMPTY');
  expect(message).toContain('1,501 of 1,501 rows of shop.csv are malformed and were skipped');
  expect(message).toContain("this is no rating in the column 'stars' (1,000)");
  expect(message).toContain("the rating is empty in the column 'stars' (501)");
  expect(message).toContain('the first is shop.csv:2:7: "u0,i0," (expected: a number');
});

test('a column that rows of JSON lines lack is named', async () => {
  const text = lines(600, (row) => JSON.stringify({ who: row % 4, what: row, ...(row < 500 ? { stars: 'x' } : {}) }));
  const { code, message } = await errorOf('shop.jsonl', text, { user: 'who', item: 'what', rating: 'stars' });
  expect(code).toBe('DATA_EMPTY');
  expect(message).toContain("there is no rating, for the column 'stars' is missing (100)");
});

test('rows that a rule dropped are counted with what to do', async () => {
  const text = `who,what,stars\n${lines(30, (row) => `u${row % 3},i${row},1`)}`;
  const { code, message } = await errorOf(
    'shop.csv',
    text,
    { user: 'who', item: 'what', rating: 'stars' },
    { label: 'implicit', threshold: 4 },
  );
  expect(code).toBe('DATA_EMPTY');
  expect(message).toMatch(/30 rows are rated below the threshold.*To mend it: lower data\.threshold\./u);
});

test('skipped rows are told where one class or no core is left, too', async () => {
  const table = { user: 'who', item: 'what', rating: 'stars' };
  const text = `who,what,stars\n${lines(30, (row) => `u${row % 3},i${row % 10},${row % 2 === 0 ? 5 : 'bad'}`)}`;
  const skipped = "15 of 30 rows of shop.csv are malformed and were skipped: this is no rating in the column 'stars' (15)";
  for (const [data, code] of [
    [{}, 'DATA_ONE_CLASS'],
    [{ kCore: 20 }, 'DATA_EMPTY_CORE'],
  ] as const) {
    const error = await errorOf('shop.csv', text, table, data);
    expect(error.code).toBe(code);
    expect(error.message).toContain(skipped);
  }
});

test('a file that lacks a column is named with those that it has and the nearest', async () => {
  const { code, message } = await errorOf('shop.csv', 'who,what,stars\nu,i,3\n', { user: 'who', item: 'what', rating: 'star' });
  expect(code).toBe('DATA_MISSING_FILE');
  expect(message).toContain('shop.csv lacks the column star (it has who, what, stars; the nearest is stars)');
});

test('reasons are bounded, however many there are', async () => {
  const text = `who,what,stars\n${lines(300, (row) => `u,i,5${',x'.repeat(row + 1)}`)}`;
  const { message } = await errorOf('shop.csv', text, { user: 'who', item: 'what', rating: 'stars' });
  expect(message).toContain('300 of 300 rows');
  expect(message).toContain('other reasons (');
  expect(message.length).toBeLessThan(1500);
});

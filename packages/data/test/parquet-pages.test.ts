import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { openParquet } from '../src/read/parquet.js';
import { levelsOf } from '../src/read/parquet-pages.js';

const damaged = (name: string): string => resolve(import.meta.dirname, 'fixtures', 'damaged', name);

/** Reads all rows of some columns, all of them by default. @returns their number */
async function readAll(path: string, columns?: readonly string[]): Promise<number> {
  const file = await openParquet(path);
  let rows = 0;
  for await (const { length } of file.batches(columns ?? file.names)) rows += length;
  return rows;
}

// Both are small files of DuckDB that `npm run fuzz -- parquet` changed (seeds 4 and 3).
test('a run of values beyond those of its page is refused before memory is filled with it', async () => {
  await expect(readAll(damaged('run-too-long.parquet'), ['tags'])).rejects.toMatchObject({
    code: 'DATA_PARQUET',
    message: expect.stringMatching(/a page of \d+ values has a run of \d+/u) as string,
  });
});

test('two damaged columns are one error, and nothing is left that would end the process', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  await expect(readAll(damaged('two-columns.parquet'))).rejects.toMatchObject({ code: 'DATA_PARQUET' });
  await new Promise((next) => setTimeout(next, 20));
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

test('levels follow from what repeats and what may be missing', () => {
  const schema = [
    { name: 'root', num_children: 3 },
    { name: 'a', repetition_type: 'REQUIRED' },
    { name: 'b', repetition_type: 'OPTIONAL' },
    { name: 'tags', repetition_type: 'OPTIONAL', num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', repetition_type: 'OPTIONAL' },
  ] as never;
  expect(levelsOf(schema)).toEqual([
    { repetition: 0, definition: 0 },
    { repetition: 0, definition: 1 },
    { repetition: 1, definition: 3 },
  ]);
});

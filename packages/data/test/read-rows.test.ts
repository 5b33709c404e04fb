import { gzipSync } from 'node:zlib';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CSV, type Dialect } from '../src/read/fields.js';
import { textOf } from '../src/read/field-values.js';
import { readRows, type FileReport, type ReadRowsOptions } from '../src/read/read-rows.js';
import { errorOf } from './support/errors.js';
import { memoryFile } from './support/memory-file.js';

interface Read {
  readonly rows: string[][];
  readonly report: FileReport;
}

async function read(content: string | Uint8Array, options: Partial<ReadRowsOptions> & { chunkSize?: number } = {}): Promise<Read> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const { chunkSize = Math.max(1, bytes.length), fieldCount = 2, dialect = CSV, ...rest } = options;
  const rows: string[][] = [];
  const report = await readRows({
    path: '/some/file.csv',
    dialect,
    fieldCount,
    encoding: 'utf-8',
    example: 'a,b',
    onBadRow: 'fail',
    open: memoryFile(bytes, chunkSize),
    row(buffer, fields) {
      const row: string[] = [];
      for (let i = 0; i < fields.count; i += 1) {
        const text = textOf(buffer, fields.start[i]!, fields.end[i]!, fields.quoted[i] === 1, 'utf-8', dialect);
        if (text === undefined) return { at: fields.start[i]!, what: 'no text', expected: 'text' };
        row.push(text);
      }
      rows.push(row);
      return undefined;
    },
    ...rest,
  });
  return { rows, report };
}

const csvField = (text: string): string => (/[",\r\n]/u.test(text) || text === '' ? `"${text.replaceAll('"', '""')}"` : text);

test('what is written as CSV is read back, for any text, line end and size of the pieces in which it arrives', async () => {
  const field = fc.string({ unit: 'grapheme', maxLength: 8 }).map((text) => text.replaceAll('\0', ''));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(field, field), { minLength: 1, maxLength: 12 }),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      fc.integer({ min: 1, max: 40 }),
      async (table, lineEnd, finalEnd, chunkSize) => {
        const text = table.map((row) => row.map(csvField).join(',')).join(lineEnd) + (finalEnd ? lineEnd : '');
        const { rows, report } = await read(text, { chunkSize, dialect: { ...CSV, quotedLineBreaks: true } });
        expect(rows).toEqual(table);
        expect(report).toMatchObject({ rowsRead: table.length, rowsBad: 0 });
      },
    ),
    { numRuns: 150 },
  );
});

test('no bytes crash the reader and none are lost silently: rows read = rows taken + rows reported bad', async () => {
  const piece = fc.oneof(fc.constantFrom(',', '"', '""', '\n', '\r\n', '\r', '::', 'a', '1', '\0', 'é'), fc.string());
  const noise = fc.oneof(
    fc.array(piece).map((parts) => Buffer.from(parts.join(''))),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  );
  const dialects: Dialect[] = [CSV, { ...CSV, quotedLineBreaks: true }, { separator: '::', quotes: false }];
  await fc.assert(
    fc.asyncProperty(noise, fc.constantFrom(...dialects), fc.integer({ min: 1, max: 9 }), async (noisy, dialect, chunkSize) => {
      const bytes = Buffer.concat([Buffer.from(`a${dialect.separator}b\n`), noisy]);
      const whole = await read(bytes, { dialect, onBadRow: 'skip' });
      const inPieces = await read(bytes, { dialect, onBadRow: 'skip', chunkSize });
      expect(inPieces).toEqual(whole);
      expect(whole.report.rowsRead).toBe(whole.rows.length + whole.report.rowsBad);
      if (dialect.quotedLineBreaks !== true) {
        const lines = bytes
          .toString('latin1')
          .split('\n')
          .filter((line) => line !== '' && line !== '\r');
        expect(whole.report.rowsRead).toBe(lines.length);
      }
    }),
    { numRuns: 400 },
  );
});

test.each([
  ['too few fields', 'a,b\nc\n', 'file.csv:2:2', '1 fields'],
  ['too many fields', 'a,b\nc,d,e\n', 'file.csv:2:4', '3 fields'],
  ['a quote that does not close', 'a,b\né,"d\n', 'file.csv:2:3', 'not closed'],
  ['text behind a closing quote', 'a,b\n"c"x,d\n', 'file.csv:2:4', 'behind a closing quote'],
  ['a quote in a plain field', 'a,b\nc,d"e\n', 'file.csv:2:4', 'quote inside a field'],
])('%s is reported with file, line, column and an example of a right line', async (_, text, where, what) => {
  const error = await errorOf(() => read(text));
  expect(error.code).toBe('DATA_BAD_ROW');
  expect(error.where).toBe(where);
  expect(error.message).toContain(what);
  expect(error.message).toContain('"a,b"');
  expect(error.remedy).toContain('--on-bad-row skip');
});

test('an open quote costs its own line and not those behind it', async () => {
  const { rows, report } = await read('a,"b\nc,d\ne,f', { onBadRow: 'skip' });
  expect(rows).toEqual([
    ['c', 'd'],
    ['e', 'f'],
  ]);
  expect(report.badRows).toEqual([expect.objectContaining({ line: 1, column: 3, text: 'a,"b' })]);
});

test('a quote that never closes is given up at the end of the file, and the lines behind it are still read', async () => {
  const { rows, report } = await read('a,"b\nc,d\ne,f', { onBadRow: 'skip', dialect: { ...CSV, quotedLineBreaks: true } });
  expect(rows).toEqual([
    ['c', 'd'],
    ['e', 'f'],
  ]);
  expect(report.rowsBad).toBe(1);
});

test('an open quote that a quote of a later row seems to close costs its own line, not the rows between', async () => {
  const dialect = { ...CSV, quotedLineBreaks: true };
  const { rows, report } = await read('a,"b\nc,d\n"e, f",g\nh,i', { onBadRow: 'skip', dialect });
  expect(rows).toEqual([
    ['c', 'd'],
    ['e, f', 'g'],
    ['h', 'i'],
  ]);
  expect(report).toMatchObject({ rowsRead: 4, rowsBad: 1, badRows: [{ line: 1, column: 3, problem: 'a quote is not closed' }] });
  const counted = await read('a,"b\nc,d\ne","f\nh,i', { onBadRow: 'skip', dialect });
  expect(counted.rows).toEqual([
    ['c', 'd'],
    ['h', 'i'],
  ]);
});

test('lines are counted through quoted line breaks', async () => {
  const error = await errorOf(() => read('a,"b\nb\nb"\nc\n', { dialect: { ...CSV, quotedLineBreaks: true } }));
  expect(error.where).toBe('file.csv:4:2');
});

test('skipping counts every bad row and shows the first few', async () => {
  const { rows, report } = await read(`a,b\n${'x\n'.repeat(20)}`, { onBadRow: 'skip' });
  expect(rows).toHaveLength(1);
  expect(report).toMatchObject({ rowsRead: 21, rowsBad: 20 });
  expect(report.badRows.map(({ line }) => line)).toEqual([2, 3, 4, 5, 6]);
});

test('a byte-order mark is no part of the first field, and UTF-16 is refused', async () => {
  expect((await read('\uFEFFa,b')).rows).toEqual([['a', 'b']]);
  expect((await errorOf(() => read(Buffer.from('\uFEFFa,b', 'utf16le')))).code).toBe('DATA_ENCODING');
});

test('bytes that are not UTF-8 are a bad row', async () => {
  expect((await errorOf(() => read(Buffer.from('a,caf\xe9', 'latin1')))).where).toBe('file.csv:1:3');
});

test('an empty file, a folder and a missing file are refused by name', async () => {
  expect((await errorOf(() => read(''))).code).toBe('DATA_EMPTY_FILE');
  const onDisk = (path: string): Promise<FileReport> =>
    readRows({ path, dialect: CSV, fieldCount: 2, encoding: 'utf-8', example: 'a,b', onBadRow: 'fail', row: () => undefined });
  expect((await errorOf(() => onDisk(tmpdir()))).message).toContain('folder');
  expect((await errorOf(() => onDisk('/no/such/file.csv'))).message).toContain('ENOENT');
});

test('gzip is read as the plain file is, whatever its name; cut short it is an error', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'expctr-data-'));
  try {
    const text = Array.from({ length: 5000 }, (_, i) => `${i},${i * 7}`).join('\n');
    const packed = gzipSync(text);
    const path = join(folder, 'rows.csv');
    const load = (): Promise<FileReport> =>
      readRows({ path, dialect: CSV, fieldCount: 2, encoding: 'utf-8', example: 'a,b', onBadRow: 'fail', row: () => undefined });
    await writeFile(path, packed);
    const report = await load();
    expect(report).toMatchObject({ file: 'rows.csv', rowsRead: 5000, bytes: packed.length });
    await writeFile(path, packed.subarray(0, packed.length - 20));
    expect((await errorOf(load)).code).toBe('DATA_GZIP');
  } finally {
    await rm(folder, { recursive: true });
  }
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { zipOf } from '@expctr/test-support';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CSV } from '../src/read/fields.js';
import type { FileReport, OnTruncated } from '../src/read/file-report.js';
import type { InputFile } from '../src/read/input-file.js';
import { readRows } from '../src/read/read-rows.js';
import { openZipMember, zipMembers } from '../src/read/zip.js';
import { errorOf } from './support/errors.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'expctr-packed-'));
});
afterAll(() => rm(folder, { recursive: true }));

const TEXT = Array.from({ length: 3000 }, (_, i) => `${i},${(i * 7919) % 10007}\n`).join('');
const options = { dialect: CSV, fieldCount: 2, encoding: 'utf-8', example: '1,2', onBadRow: 'fail' } as const;

async function read(
  bytes: Uint8Array,
  onTruncated: OnTruncated,
  open?: (path: string) => Promise<InputFile>,
): Promise<{ rows: string[]; report: FileReport }> {
  const path = join(folder, 'file');
  await writeFile(path, bytes);
  const rows: string[] = [];
  const report = await readRows({
    ...options,
    path,
    onTruncated,
    ...(open ? { open } : {}),
    row(buffer, { start, end }) {
      rows.push(`${buffer.toString('utf8', start[0], end[1])}\n`);
      return undefined;
    },
  });
  return { rows, report };
}

test('a gzip file cut anywhere is an error that says so, or on request gives a beginning of its rows and counts the cut one', async () => {
  const packed = gzipSync(TEXT);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 200, max: packed.length - 1 }), async (length) => {
      const cut = packed.subarray(0, length);
      expect((await errorOf(() => read(cut, 'fail'))).code).toBe('DATA_GZIP');
      const { rows, report } = await read(cut, 'keep');
      expect(TEXT.startsWith(rows.join(''))).toBe(true);
      expect(report).toMatchObject({ truncated: true, rowsRead: rows.length + report.rowsBad });
      expect(report.rowsBad).toBeLessThanOrEqual(1);
    }),
    { numRuns: 25, examples: [[packed.length - 1], [packed.length - 8], [packed.length - 9]] },
  );
});

test('most of what a cut file holds is kept: not a piece of it is lost at the end', async () => {
  const packed = gzipSync(TEXT);
  const { rows } = await read(packed.subarray(0, packed.length - 10), 'keep');
  expect(rows.length).toBeGreaterThan(2990);
});

test('a gzip file of several parts is whole, and one with wrong bytes is damaged whatever is asked for', async () => {
  const parts = Buffer.concat([gzipSync(TEXT.slice(0, 5000)), gzipSync(TEXT.slice(5000))]);
  for (const mode of ['fail', 'keep'] as const) {
    const { rows, report } = await read(parts, mode);
    expect(rows.join('')).toBe(TEXT);
    expect(report).not.toHaveProperty('truncated');
  }
  const wrong = gzipSync(TEXT);
  wrong[wrong.length - 6]! ^= 1; // the checksum
  expect((await errorOf(() => read(wrong, 'keep'))).message).toContain('damaged');
});

test('the members of a zip archive are read as the files are; a wrong byte or a cut archive is an error', async () => {
  const archive = zipOf({ 'a/one.csv': TEXT, 'two.csv': '1,2\n' });
  const path = join(folder, 'file');
  const open = (member: string) => (where: string) => Promise.resolve(openZipMember(where, member));
  const { rows, report } = await read(archive, 'fail', open('a/one.csv'));
  expect(rows.join('')).toBe(TEXT);
  expect(report).toMatchObject({ rowsRead: 3000, bytes: TEXT.length });
  expect(await zipMembers(path)).toEqual(['a/one.csv', 'two.csv']);
  expect((await errorOf(() => read(archive, 'fail', open('three.csv')))).code).toBe('DATA_ZIP');
  const wrong = Buffer.from(archive);
  wrong[14]! ^= 1;
  wrong[archive.indexOf('PK\x01\x02') + 16]! ^= 1; // the checksum in both headers
  expect((await errorOf(() => read(wrong, 'fail', open('a/one.csv')))).code).toBe('DATA_ZIP');
  await writeFile(path, archive.subarray(0, archive.length - 30));
  expect((await errorOf(() => zipMembers(path))).code).toBe('DATA_ZIP');
});

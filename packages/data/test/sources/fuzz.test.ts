import { gzipSync } from 'node:zlib';
import { ExpctrError } from '@expctr/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mapping, sourceFolders, type Files } from '../support/source-files.js';

const { load } = sourceFolders();

const BX_BOOKS = '"ISBN";"Book-Title";"Book-Author";"Year-Of-Publication";"Publisher"\n"1";"A";"B";"2002";"C"\n';
const review = '{"reviewerID": "A1", "asin": "0001", "overall": 5, "unixReviewTime": 1393545600}';
/** For each source right files, with the one first that is damaged. */
const SOURCES: Readonly<Record<string, Files>> = {
  movielens: {
    'ratings.csv': 'userId,movieId,rating,timestamp\n1,7,4.0,964982703\n2,7,3.5,1445714835\n',
    'movies.csv': 'movieId,title,genres\n7,"S, x",C|D\n',
  },
  'ml-1m': { 'ratings.dat': '1::7::5::978300760\n2::7::1::978302109\n', 'movies.dat': '7::M (1995)::Drama\n' },
  'ml-100k': { 'u.data': '196\t242\t3\t881250949\n186\t302\t3\t891717742\n', 'u.item': `242|K (1996)|01-Jan-1996||x${'|0'.repeat(19)}\n` },
  bookcrossing: { 'r.csv': '"User-ID";"ISBN";"Book-Rating"\n"1";"1";"8"\n"2";"1";"0"\n', 'b.csv': BX_BOOKS },
  amazon: { 'reviews_x.json': `${review}\n${review}\n`, 'meta_x.json': "{'asin': '0001', 'categories': [['B']], 'title': 'T'}\n" },
  goodbooks: { 'ratings.csv': 'user_id,book_id,rating\n1,1,5\n2,1,3\n', 'books.csv': 'book_id,authors,title\n1,"A, B",T\n' },
  yelp: {
    'review.json': '{"user_id":"u","business_id":"b","stars":3,"date":"2018-07-07 22:09:11"}\n',
    'business.json': '{"business_id":"b","name":"N","categories":"A, B"}\n',
  },
  table: { 'x.csv': 'u,i,r,t\na,1,4.5,2020-01-01\nb,"2, x",1e1,1260759144\n' },
};
const TABLE = mapping({ user: 'u', item: 'i', rating: 'r', time: 't' });

const piece = fc.oneof(
  fc.constantFrom(
    ',',
    ';',
    '::',
    '|',
    '\t',
    '"',
    '""',
    '\\"',
    '\n',
    '\r\n',
    '\r',
    '\0',
    '\uFEFF',
    '{',
    '}',
    "'",
    '[',
    '1',
    '4,5',
    '-1',
    'NULL',
    'é',
    '\ud800',
  ),
  fc.string({ maxLength: 4 }),
);
/** A place in the file, how many bytes go, and what comes there. */
const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.nat({ max: 6 }),
  put: fc.oneof(
    piece.map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
  ),
});

test.each(Object.keys(SOURCES))(
  '%s: whatever happens to a file, each row is kept, dropped by a named rule or reported, or the file is refused with a typed error',
  async (name) => {
    const files = Object.entries(SOURCES[name]!);
    await fc.assert(
      fc.asyncProperty(
        fc.array(edit, { minLength: 1, maxLength: 4 }),
        fc.nat({ max: files.length - 1 }),
        fc.boolean(),
        async (edits, which, packed) => {
          let bytes = Buffer.from(files[which]![1] as string);
          for (const { at, cut, put } of edits) {
            const from = Math.floor(at * bytes.length);
            bytes = Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(from + cut)]);
          }
          const damaged = Object.fromEntries(
            files.map(([file, content], i) =>
              i === which ? [packed ? `${file}.gz` : file, packed ? gzipSync(bytes) : bytes] : [file, content],
            ),
          );
          try {
            const raw = await load(name, damaged, { onBadRow: 'skip', ...(name === 'table' ? { table: TABLE } : {}) });
            for (const report of raw.files) {
              const dropped = Object.values(report.rowsDropped ?? {}).reduce((sum, count) => sum + count, 0);
              const kept = { ratings: raw.ratings.length, items: raw.items.itemIds.length, users: raw.users?.userIds.length }[
                report.role ?? ''
              ];
              expect(report.rowsRead).toBe(kept! + dropped + report.rowsBad);
            }
            const { user, item, rating, timestamp } = raw.ratings;
            expect(new Set([user.length, item.length, rating.length, timestamp?.length ?? raw.ratings.length])).toEqual(
              new Set([raw.ratings.length]),
            );
            expect(rating.every((value) => Number.isFinite(value))).toBe(true);
            expect(timestamp?.every((value) => Number.isFinite(value)) ?? true).toBe(true);
          } catch (error) {
            if (!(error instanceof ExpctrError)) throw error;
            expect(error.code).toMatch(/^DATA_/u);
            expect(error.where).toBeDefined();
          }
        },
      ),
      { numRuns: 25 },
    );
  },
);

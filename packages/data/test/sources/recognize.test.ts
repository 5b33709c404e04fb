import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { zipOf } from '@expctr/test-support';
import { expect, test } from 'vitest';
import { datasetSource } from '../../src/sources/sources.js';
import { errorOf } from '../support/errors.js';
import { named, sourceFolders, triples } from '../support/source-files.js';

const { load, write } = sourceFolders();

const RATINGS = 'userId,movieId,rating,timestamp\n1,7,4.0,964982703\n2,7,3.5,1445714835\n';
const MOVIES = 'movieId,title,genres\n7,Sabrina (1995),Comedy\n';
const EXPECTED = [
  ['1', '7', 4, 964982703000],
  ['2', '7', 3.5, 1445714835000],
];

test('files are told by their content, whatever their names, and each says what it was taken for', async () => {
  const raw = await load('movielens', {
    'homework_final(2).csv': RATINGS,
    films: MOVIES,
    'tags.csv': 'userId,movieId,tag,timestamp\n1,7,fun,964982703\n',
    'links.csv': 'movieId,imdbId,tmdbId\n7,0114319,11860\n',
    'README.txt': 'nothing here',
    '.hidden.csv': RATINGS,
  });
  expect(triples(raw)).toEqual(EXPECTED);
  expect(raw.files.map(({ file, role, format }) => [file, role, format])).toEqual([
    ['homework_final(2).csv', 'ratings', 'MovieLens ratings, CSV'],
    ['films', 'items', 'MovieLens movies, CSV'],
  ]);
});

test('columns may stand in another order, among others, and be written in another way', async () => {
  const raw = await load('movielens', {
    'a.csv': ',Timestamp,rating,movie_id,USER ID\n0,964982703,4.0,7,1\n1,1445714835,3.5,7,2\n',
    'b.csv': 'title,genres,movie_id\nSabrina (1995),Comedy,7\n',
  });
  expect(triples(raw)).toEqual(EXPECTED);
});

test('the members of a zip archive are chosen by their content; what lies beside it goes before them', async () => {
  const archive = zipOf({ 'ml/README': 'x', 'ml/r.csv': RATINGS, 'ml/m.csv': MOVIES, '__MACOSX/ml/._r.csv': RATINGS });
  const raw = await load('movielens', { 'ml.zip': archive });
  expect(triples(raw)).toEqual(EXPECTED);
  expect(raw.files.map(({ file }) => file)).toEqual(['ml.zip/ml/r.csv', 'ml.zip/ml/m.csv']);
  const beside = await load('movielens', { 'ml.zip': archive, 'r.csv': RATINGS.slice(0, RATINGS.lastIndexOf('2,7')) });
  expect(beside.ratings.length).toBe(1);
  expect(beside.notes).toEqual([expect.stringContaining('ml.zip/ml/r.csv beside it passed over')]);
  const alone = await datasetSource('movielens').load({ dataDir: join(await write({ 'ml.zip': archive }), 'ml.zip'), onBadRow: 'fail' });
  expect(triples(alone)).toEqual(EXPECTED);
});

test('two archives with files of the same names are doubt too, which naming one of them ends', async () => {
  const files = { 'a.zip': zipOf({ 'r.csv': RATINGS, 'm.csv': MOVIES }), 'b.zip': zipOf({ 'r.csv': RATINGS.replace('4.0', '1.0') }) };
  expect((await errorOf(() => load('movielens', files))).code).toBe('DATA_AMBIGUOUS');
  for (const ratings of ['b.zip', 'b.zip/r.csv']) {
    const raw = await load('movielens', files, { files: named({ ratings }) });
    expect([raw.ratings.rating[0], raw.files[0]!.file]).toEqual([1, 'b.zip/r.csv']);
  }
});

test('a file for what the dataset does not read is wrong use', async () => {
  const error = await errorOf(() =>
    load(
      'goodbooks',
      { 'x.csv': 'user_id,book_id,rating\n1,1,5\n', 'b.csv': 'book_id,authors,title\n1,A,T\n' },
      { files: named({ users: 'x.csv' }) },
    ),
  );
  expect(error).toMatchObject({ code: 'DATA_FILES', where: 'data.files.users' });
});

test('MovieLens 100K is read from its published folder, whose splits repeat it', async () => {
  const item = (id: number, title: string, flags: string): string =>
    `${id}|${title}|01-Jan-1995||http://us.imdb.com/M/title-exact?x|${flags}`;
  const data = '196\t242\t3\t881250949\n186\t302\t3\t891717742\n';
  const raw = await load('movielens', {
    'u.data': data,
    'u1.base': data,
    'ua.test': data,
    'u.item': Buffer.from(
      [
        item(242, 'Kol\xe9a (1996)', '0|0|0|0|0|1|0|0|0|0|0|0|0|0|0|0|0|0|0'),
        item(267, 'unknown', '1|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0'),
      ].join('\n'),
      'latin1',
    ),
    'u.user': '196|49|M|writer|55105\n186|39|F|executive|00000\n',
    'u.genre': 'unknown|0\nAction|1\n',
    'u.occupation': 'writer\n',
    'u.info': '943 users\n1682 items\n100000 ratings\n',
  });
  expect(triples(raw)).toEqual([
    ['196', '242', 3, 881250949000],
    ['186', '302', 3, 891717742000],
  ]);
  expect(raw.items).toMatchObject({ title: ['Koléa (1996)', 'unknown'], attributes: { genres: [['Comedy'], []] } });
  expect(raw.users!.attributes).toEqual({ gender: [['M'], ['F']], age: [['49'], ['39']], occupation: [['writer'], ['executive']] });
  expect(raw.notes).toEqual([expect.stringContaining('2 files that repeat rows')]);
});

test('MovieLens 10M is read: half stars, UTF-8, tags beside the ratings', async () => {
  const raw = await load('movielens', {
    'ratings.dat': '1::122::5::838985046\n1::185::3.5::838983525\n',
    'movies.dat': '122::Amélie (2001)::Comedy|Romance\n185::Net, The (1995)::(no genres listed)\n',
    'tags.dat': '15::4973::excellent!::1215184630\n15::1747::politics::1215184630\n',
  });
  expect([...raw.ratings.rating]).toEqual([5, 3.5]);
  expect(raw.items).toMatchObject({ title: ['Amélie (2001)', 'Net, The (1995)'], attributes: { genres: [['Comedy', 'Romance'], []] } });
});

test('two files that could be one are an error that names both and the option that decides, and the option decides', async () => {
  const files = { 'old.csv': RATINGS, 'new.csv': RATINGS.replace('4.0', '1.0'), 'movies.csv': MOVIES };
  const error = await errorOf(() => load('movielens', files));
  expect(error.code).toBe('DATA_AMBIGUOUS');
  for (const part of ['old.csv (MovieLens ratings, CSV)', 'new.csv', 'data.files.ratings=']) expect(error.message).toContain(part);
  expect((await load('movielens', files, { files: named({ ratings: 'new.csv' }) })).ratings.rating[0]).toBe(1);
  const none = await errorOf(() => load('movielens', files, { files: named({ ratings: 'newest.csv' }) }));
  expect(none).toMatchObject({ code: 'DATA_MISSING_FILE', where: 'data.files.ratings' });
  expect(none.message).toContain('old.csv');
  const wrong = await errorOf(() => load('movielens', files, { files: named({ ratings: 'movies.csv' }) }));
  expect(wrong).toMatchObject({ code: 'DATA_HEADER', where: 'movies.csv:1:1' });
});

test.each([
  ['another delimiter', RATINGS.replaceAll(',', ';'), 'DATA_HEADER', 'separated by ";"'],
  ['a missing column', RATINGS.replace('rating,', ''), 'DATA_HEADER', 'the column rating is missing'],
  ['no header', RATINGS.slice(RATINGS.indexOf('\n') + 1), 'DATA_HEADER', 'the header'],
  ['nothing in it', '', 'DATA_EMPTY_FILE', 'empty'],
  ['a header and nothing else', 'userId,movieId,rating,timestamp\n', 'DATA_EMPTY_FILE', 'no rows'],
  ['UTF-16', Buffer.from(`\uFEFF${RATINGS}`, 'utf16le'), 'DATA_ENCODING', 'UTF-16'],
])('a file of ratings with %s is a typed error that says what is wrong', async (_, ratings, code, message) => {
  const error = await errorOf(() => load('movielens', { 'ratings.csv': ratings, 'movies.csv': MOVIES }));
  expect(error.code).toBe(code);
  expect(error.where).toContain('ratings.csv');
  expect(error.message).toContain(message);
  expect(error.expected).toContain(message === 'no rows' ? '1,31,2.5,1260759144' : 'userId,movieId,rating,timestamp');
});

test('a folder in place of a file, a damaged archive and an empty folder are typed errors', async () => {
  const folder = await write({ 'movies.csv': MOVIES });
  await mkdir(join(folder, 'ratings.csv'));
  expect(await errorOf(() => datasetSource('movielens').load({ dataDir: folder, onBadRow: 'fail' }))).toMatchObject({ code: 'DATA_FILE' });
  expect((await errorOf(() => load('movielens', { 'ml.zip': Buffer.from('PK\x03\x04nonsense') }))).code).toBe('DATA_ZIP');
  const damaged = Buffer.concat([gzipSync(RATINGS).subarray(0, 12), Buffer.alloc(30, 7)]);
  expect((await errorOf(() => load('movielens', { 'ratings.csv.gz': damaged, 'movies.csv': MOVIES }))).code).toBe('DATA_GZIP');
  expect(triples(await load('movielens', { 'other.gz': damaged, 'r.csv': RATINGS, 'movies.csv': MOVIES }))).toEqual(EXPECTED);
  expect((await errorOf(() => load('movielens', {}))).message).toContain('it is empty');
});

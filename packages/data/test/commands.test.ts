import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runProgram } from '../src/commands/program.js';
import { describeTable } from '../src/commands/inspect.js';
import { readSettings } from '../src/commands/settings.js';
import { tableOptions } from '../src/sources/options.js';
import { parseTemplate } from '../src/prompts/load-template.js';
import { embeddingsToTable } from '../src/schemas/embeddings.js';

let folder: string;
let data: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'expctr-data-'));
  data = join(folder, 'ml');
  await mkdir(data);
  const ratings = Array.from({ length: 60 }, (_, i) => `${1 + (i % 4)},${1 + Math.floor(i / 4)},${1 + (i % 5)}.0,${964982703 + i * 60}`);
  await writeFile(join(data, 'ratings.csv'), ['userId,movieId,rating,timestamp', ...ratings, '1,2,x,964982703', ''].join('\n'));
  const movies = Array.from({ length: 15 }, (_, i) => `${i + 1},"Movie ${i + 1}, The (1990)",Comedy|Drama`);
  await writeFile(join(data, 'movies.csv'), ['movieId,title,genres', ...movies, ''].join('\n'));
});
afterAll(() => rm(folder, { recursive: true }));

async function run(...args: readonly string[]): Promise<{ status: number; out: string; error: string }> {
  let [out, error] = ['', ''];
  const status = await runProgram(args, { out: (text) => (out += text), error: (text) => (error += text) });
  return { status, out, error };
}
const prepare = (out: string, ...args: readonly string[]) =>
  run('prepare', '--dataset', 'ml-latest-small', '--data-dir', data, '--out', join(folder, out), ...args);

test('prepare writes tables and card, says what it did, and inspect shows them', async () => {
  const { status, out, error } = await prepare(
    'one',
    '--on-bad-row',
    'skip',
    '--set',
    'data.kCore=3',
    '--set',
    'data.history.length=2',
    '--seed',
    '7',
  );
  expect({ status, error }).toEqual({ status: 0, error: '' });
  expect(out).toContain('ratings.csv: 61 rows read, 1 bad');
  expect(out).toContain('ratings.csv:62:5: this is no rating');
  expect(out).toMatch(/k-core +60 +4 +15 +0/u);
  expect((await readdir(join(folder, 'one'))).sort()).toEqual([
    'card.html',
    'card.json',
    'interactions.arrow',
    'items.arrow',
    'users.arrow',
  ]);
  const card = JSON.parse(await readFile(join(folder, 'one', 'card.json'), 'utf8')) as Record<string, unknown>;
  expect(card).toMatchObject({
    dataset: 'ml-latest-small',
    configuration: {
      seed: 7,
      onBadRow: 'skip',
      data: { kCore: 3, threshold: null, history: { length: 2, select: 'recent', online: false } },
    },
    label: { rule: 'threshold', threshold: 4 },
    files: [
      { file: 'ratings.csv', rowsRead: 61, rowsBad: 1, badRows: [{ line: 62, column: 5 }] },
      { file: 'movies.csv', rowsRead: 15, rowsBad: 0 },
    ],
    rows: 60,
    splits: { train: { rows: 44, users: 4 }, valid: { rows: 8 }, test: { rows: 8 } },
    slices: { policy: { rows: 20 }, ctr: { rows: 24 } },
  });
  const shown = await run('inspect', join(folder, 'one', 'interactions.arrow'), '--rows', '3');
  expect(shown.status).toBe(0);
  expect(shown.out).toContain('60 rows, 9 columns');
  expect(shown.out).toContain('schema interactions/1: valid');
  expect(shown.out).toMatch(/history +List<Uint32>/u);
  expect(shown.out).toContain('[0, 1]');
  expect(shown.out).toContain('… 57 more rows');
});

test('the same input gives the same bytes', async () => {
  for (const out of ['a', 'b'])
    expect((await prepare(out, '--on-bad-row', 'skip', '--set', 'data.maxInteractions=40', '--set', 'data.kCore=0')).status).toBe(0);
  for (const file of await readdir(join(folder, 'a'))) {
    expect((await readFile(join(folder, 'a', file))).equals(await readFile(join(folder, 'b', file))), file).toBe(true);
  }
});

test('a malformed row fails with status 1, and leaves no folder behind', async () => {
  const { status, error } = await prepare('none');
  expect(status).toBe(1);
  expect(error).toContain('DATA_BAD_ROW: ratings.csv:62:5');
  expect(error).toContain('--on-bad-row skip');
  expect((await readdir(folder)).filter((name) => name.startsWith('none'))).toEqual([]);
});

test('a k-core that leaves nothing fails with status 1, names the option, and leaves a card with every count and the largest k', async () => {
  const { status, error } = await prepare('core', '--on-bad-row', 'skip', '--set', 'data.kCore=30');
  expect(status).toBe(1);
  expect(error).toContain('data.kCore');
  expect(error).toContain('at most 4');
  expect((await readdir(join(folder, 'core'))).sort()).toEqual(['card.html', 'card.json']);
  const card = JSON.parse(await readFile(join(folder, 'core', 'card.json'), 'utf8')) as Record<string, unknown>;
  expect(card).toMatchObject({
    rows: 0,
    failure: { code: 'DATA_EMPTY_CORE', option: 'data.kCore', largest: 4 },
    files: [{ rowsRead: 61, rowsBad: 1 }, { rowsRead: 15 }],
    splits: { train: { rows: 0, labelRate: null } },
  });
  expect((card['steps'] as { step: string }[]).map(({ step }) => step)).toEqual(['read', 'without-item', 'duplicates', 'k-core']);
  expect(card['steps']).toContainEqual({ step: 'k-core', rows: 0, users: 0, items: 0, dropped: 60 });
  expect((await prepare('core', '--on-bad-row', 'skip', '--set', 'data.kCore=4')).status).toBe(0); // the card is no obstacle
});

test('the card as a page stands alone, shows counts, plot and configuration, and no text of a file gets out of its place', async () => {
  const nasty = join(folder, 'nasty');
  await mkdir(nasty);
  const ratings = Array.from({ length: 40 }, (_, i) => `${1 + (i % 4)},${1 + Math.floor(i / 4)},${1 + (i % 5)}.0,${964982703 + i * 60}`);
  await writeFile(
    join(nasty, 'ratings.csv'),
    ['userId,movieId,rating,timestamp', ...ratings, '<script>alert(1)</script>,2,4,964982703', ''].join('\n'),
  );
  await writeFile(join(nasty, 'movies.csv'), await readFile(join(data, 'movies.csv')));
  const out = join(folder, 'nasty-out');
  const args = ['prepare', '--dataset', 'movielens', '--data-dir', nasty, '--out', out, '--on-bad-row', 'skip', '--set', 'data.kCore=2'];
  expect((await run(...args)).status).toBe(0);
  const page = await readFile(join(out, 'card.html'), 'utf8');
  expect(page).not.toContain('<script');
  expect(page).toContain('&lt;script&gt;');
  expect(page).not.toMatch(/(src|href)=|@import|url\(/u);
  for (const part of ['<svg', '<polyline', 'ratings.csv', '"kCore": 2', 'label rate', 'Contamination']) expect(page).toContain(part);
  expect((await run(...args)).status).toBe(0); // again, over the same folder: the same bytes
  expect(await readFile(join(out, 'card.html'), 'utf8')).toBe(page);
});

test.each([
  ['an unknown option', ['--set', 'data.kcor=5'], 'write data.kCore'],
  ['an option of another place', ['--set', 'history.length=5'], 'write data.history.length'],
  ['a value of the wrong type', ['--set', 'data.kCore=many'], 'data.kCore'],
  ['a value that is not one of the choices', ['--set', 'data.split=other'], 'data.split'],
  ['a setting without a value', ['--set', 'data.kCore'], 'path=value'],
  ['an unknown flag', ['--kcore', '5'], '--kcore'],
  ['a seed that is no number', ['--seed', 'x'], 'whole number'],
])('%s is wrong use: status 2 and what would be right', async (_, args, message) => {
  const { status, error } = await prepare('none', '--on-bad-row', 'skip', ...args);
  expect(status).toBe(2);
  expect(error).toContain(message);
});

test('an output folder that is not empty, an unknown dataset, a missing option, folder or file are wrong use', async () => {
  await mkdir(join(folder, 'full'));
  await writeFile(join(folder, 'full', 'x'), '');
  expect(await prepare('full', '--on-bad-row', 'skip')).toMatchObject({ status: 2 });
  expect(await readdir(join(folder, 'full'))).toEqual(['x']);
  await mkdir(join(folder, 'empty'));
  expect(await prepare('empty', '--on-bad-row', 'skip', '--set', 'data.kCore=4')).toMatchObject({ status: 0 });
  expect((await run('prepare', '--dataset', 'ml-99', '--data-dir', data, '--out', join(folder, 'n'))).status).toBe(2);
  expect((await run('prepare', '--dataset', 'ml-1m')).status).toBe(2);
  expect((await run('prepare', '--dataset', 'ml-1m', '--data-dir', '/no/such', '--out', join(folder, 'n'))).status).toBe(2);
  expect((await run('inspect', '/no/such.arrow')).status).toBe(2);
  expect((await run('inspect', join(folder, 'full', 'x'))).status).toBe(1);
});

test('help says all that is needed, with status 0', async () => {
  const { status, out } = await run('prepare', '--help');
  expect(status).toBe(0);
  for (const part of ['ml-latest-small', 'data.kCore', 'Default 5', 'data.history.online', '--on-bad-row', 'Exit status'])
    expect(out).toContain(part);
});

test('the template that the program prints can be read again', async () => {
  const { out } = await run('template', 'lc');
  expect(parseTemplate(JSON.parse(out), 'lc').name).toBe('default');
  expect((await run('template', 'other')).status).toBe(2);
});

test("a dataset's own options stand in the help, and are options of that dataset only", async () => {
  expect((await run('prepare', '--help')).out.match(/data\.table\.user /gu)).toHaveLength(1);
  const shop = join(folder, 'shop');
  await mkdir(shop);
  const rows = Array.from({ length: 60 }, (_, i) => `${i % 4},${Math.floor(i / 4)},${1 + (i % 5)}`);
  await writeFile(join(shop, 'x.csv'), ['who,what,stars', ...rows, ''].join('\n'));
  const columns = ['data.table.user=who', 'data.table.item=what', 'data.table.rating=stars'].flatMap((setting) => ['--set', setting]);
  const args = ['--dataset', 'table', '--data-dir', shop, '--out', join(folder, 'shop-out'), '--set', 'data.kCore=0', ...columns];
  expect(await run('prepare', ...args)).toMatchObject({ status: 0, error: '' });
  const card = JSON.parse(await readFile(join(folder, 'shop-out', 'card.json'), 'utf8')) as object;
  expect(card).toMatchObject({ configuration: { data: { kCore: 0, table: { user: 'who', rating: 'stars', listSeparator: '|' } } } });
  const other = await prepare('none', '--set', 'data.table.user=who');
  expect(other.status).toBe(2);
  expect(other.error).toContain("there is no option 'data.table.user'");
});

test('settings are read as JSON where they are, wrong ones are refused with the nearest name or an example', () => {
  expect(readSettings(['data.maxPerUser=null', 'data.history.select=similar', 'data.threshold=3.5'])).toMatchObject({
    maxPerUser: null,
    threshold: 3.5,
    history: { select: 'similar' },
  });
  expect(() => readSettings(['data.maxperuse=3'])).toThrow(/write data\.maxPerUser/u);
  expect(() => readSettings(['data.table.texts=title'], tableOptions)).toThrow(
    /data\.table\.texts: .*expected array.* Expected list of string, as in --set 'data\.table\.texts=\["name"\]'\./u,
  );
});

test('nothing in names, rows or metadata of a file commands the terminal', async () => {
  const ESC = '\u001b]0;owned\u0007\u001b[2J\u202e\u009b31m';
  const hostile = join(folder, 'hostile');
  await mkdir(hostile);
  const ratings = Array.from({ length: 40 }, (_, i) => `${1 + (i % 4)},${1 + Math.floor(i / 4)},${1 + (i % 5)}.0,${964982703 + i * 60}`);
  await writeFile(join(hostile, 'ratings.csv'), ['userId,movieId,rating,timestamp', ...ratings, `9,9,${ESC},1`, ''].join('\n'));
  const movies = Array.from({ length: 10 }, (_, i) => `${i + 1},"Movie ${i + 1}${ESC}",Comedy`);
  await writeFile(join(hostile, 'movies.csv'), ['movieId,title,genres', ...movies, ''].join('\n'));
  const out = join(folder, 'hostile-out');
  const args = ['--dataset', 'movielens', '--data-dir', hostile, '--out', out, '--set', 'data.kCore=2'];
  const said = [
    await run('prepare', ...args, '--on-bad-row', 'skip'),
    await run('prepare', ...args), // fails at the bad row, and quotes it
    await run('inspect', join(out, 'items.arrow')),
    await run('inspect', `/no/such/${ESC}`),
  ];
  for (const { out: text, error } of said) expect(text + error).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
  expect(said.map(({ status }) => status)).toEqual([0, 1, 0, 2]);
  expect(said[2]!.out).toContain('Movie 1\\x1b]0;owned');
});

test('inspect cuts long lists and shows metadata', async () => {
  const text = await describeTable(
    embeddingsToTable({
      length: 1,
      interactionId: Uint32Array.of(4),
      dimension: 9,
      values: new Float32Array(9).fill(0.1),
      encoder: 'bag',
      normalized: false,
    }),
    5,
  );
  expect(text).toContain('expctr.encoder = bag');
  expect(text).toContain('[0.1, 0.1, 0.1, 0.1, 0.1, 0.1, … 9 in all]');
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import {
  dataOptionsSchema,
  datasetFrom,
  datasets,
  datasetSources,
  findDataset,
  parseDataOptions,
  prepareDataset,
  prepareTables,
  type Dataset,
  type DatasetRequest,
  type DatasetSource,
  type PreparedDataset,
} from '../src/index.js';
import { errorOf } from './support/errors.js';
import { rawTables, type RawRow } from './support/raw.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'expctr-datasets-'));
  const rows = Array.from({ length: 60 }, (_, i) => `u${i % 4},i${Math.floor(i / 4)},${1 + (i % 5)},${964982703 + i * 60}`);
  await writeFile(join(folder, 'shop.csv'), ['who,what,stars,at', ...rows, ''].join('\n'));
});
afterAll(() => rm(folder, { recursive: true }));

const request = (more: Partial<DatasetRequest> = {}): DatasetRequest => ({
  dataDir: folder,
  seed: 3,
  onBadRow: 'fail',
  data: dataOptionsSchema.parse({ kCore: 0 }),
  options: {},
  temporaryFolder: () => Promise.reject(new Error('none is needed')),
  ...more,
});
const columns = { user: 'who', item: 'what', rating: 'stars', time: 'at' };
const ones = ({ interactions }: PreparedDataset): number => interactions.label.reduce((sum, label) => sum + label, 0);
const raw: RawRow[] = Array.from({ length: 60 }, (_, i) => [i % 3, i % 11, 1 + (i % 5), Math.floor(i / 2) * 1e9]);

test('every source is a dataset, whose options have defaults and descriptions and clash with no common one', () => {
  expect(Object.keys(datasets)).toEqual(datasetSources.map(({ name }) => name));
  for (const [name, dataset] of Object.entries(datasets)) {
    expect(dataset).toMatchObject({ name });
    expect(dataset.description).not.toBe('');
    expect(findDataset(name)).toBe(dataset);
    expect(parseDataOptions({}, dataset.options)).toEqual({ data: dataOptionsSchema.parse({}), options: dataset.options.parse({}) });
  }
});

test('a dataset of files is prepared as its source is, and its card says with which options, its own beside the common ones', async () => {
  const table = findDataset('table');
  const { data, options } = parseDataOptions({ kCore: 0, table: columns }, table.options);
  const prepared = await table.prepare(request({ data, options }));
  expect(prepared.interactions.length).toBe(60);
  expect(prepared.truth).toBeUndefined();
  expect(prepared.card).toMatchObject({ dataset: 'table', configuration: { seed: 3, data: { kCore: 0, table: columns } } });
  const direct = await prepareDataset({ dataset: 'table', dataDir: folder, seed: 3, data: { kCore: 0, table: columns } });
  expect(prepared).toEqual(direct);
  expect((await findDataset('table').prepare(request({ data, options, seed: 4 }))).card.configuration.seed).toBe(4);
});

test('without a folder the error names --data-dir; an unknown dataset is refused with the list', async () => {
  expect(await errorOf(() => findDataset('yelp').prepare(request({ dataDir: null })))).toMatchObject({
    code: 'DATA_NO_FOLDER',
    where: '--data-dir',
    remedy: 'pass --data-dir FOLDER',
  });
  const mine: Dataset = { ...findDataset('yelp'), name: 'mine' };
  expect(findDataset('mine', [mine])).toBe(mine);
  const error = await errorOf(() => findDataset('min', [mine]));
  expect(error).toMatchObject({ code: 'DATA_UNKNOWN_DATASET', where: '--dataset' });
  expect(error.expected).toMatch(/^one of mine, movielens, .*, table$/u);
});

test('a source of one’s own becomes a dataset, with options of its own', async () => {
  const options = z.object({ shift: z.number().default(0).describe('added to every rating') });
  const source: DatasetSource<z.output<typeof options>> = {
    name: 'mine',
    description: 'of my own',
    options,
    load({ dataDir, options: { shift } = options.parse({}) }) {
      expect(dataDir).toBe(folder);
      const tables = rawTables(raw);
      return Promise.resolve({ ...tables, ratings: { ...tables.ratings, rating: tables.ratings.rating.map((rating) => rating + shift) } });
    },
  };
  const dataset = datasetFrom(source);
  const positives = async (shift: number): Promise<number> => {
    const parsed = parseDataOptions({ kCore: 0, shift }, dataset.options);
    return ones(await dataset.prepare({ ...request(parsed), options: parsed.options }));
  };
  const shifted = raw.map(([user, item, rating, time]): RawRow => [user, item, rating + 1, time]);
  for (const [shift, rows] of [raw, shifted].entries()) {
    expect(await positives(shift)).toBe(ones(prepareTables(rawTables(rows), { dataset: 'mine', data: { kCore: 0 } })));
  }
  expect(await positives(1)).toBeGreaterThan(await positives(0));
  expect(await errorOf(() => parseDataOptions({ shift: 'x' }, options))).toMatchObject({ code: 'DATA_OPTION', where: 'data.shift' });
  expect(await errorOf(() => parseDataOptions({ shift: 1 }))).toMatchObject({ code: 'DATA_OPTION' });
  expect(await errorOf(() => parseDataOptions({}, z.object({ kCore: z.int().default(1) })))).toMatchObject({
    code: 'DATA_OPTION_CLASH',
    where: 'data.kCore',
  });
});

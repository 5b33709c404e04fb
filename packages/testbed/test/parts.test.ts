import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { dataOptionsSchema, findDataset, parseDataOptions, prepareDataset, type Dataset, type DatasetRequest } from '@expctr/data';
import { expect, test } from 'vitest';
import type { z } from 'zod';
import {
  generatedDataset,
  generateWorld,
  languageModels,
  prepareWorld,
  testbedDataset,
  testbedModel,
  writeMovieLensShaped,
} from '../src/index.js';
import { temporaryFolder } from './support.js';

const request: Omit<DatasetRequest, 'options'> = {
  dataDir: null,
  seed: 3,
  onBadRow: 'fail',
  data: dataOptionsSchema.parse({ kCore: 3 }),
  temporaryFolder,
};

test('both datasets are found among one’s own, and their options have defaults, descriptions and no name of a common one', () => {
  const own: readonly Dataset[] = [testbedDataset, generatedDataset];
  for (const dataset of own) {
    expect(findDataset(dataset.name, own)).toBe(dataset);
    expect(parseDataOptions({}, dataset.options).options).toEqual(dataset.options.parse({}));
    for (const [option, field] of Object.entries(dataset.options.shape)) expect((field as z.ZodType).description, option).toBeTruthy();
  }
  expect(testbedDataset.options.parse({})).toEqual({
    users: 300,
    items: 400,
    tastes: 'meanings',
    secondIntent: false,
    worldSeed: null,
    secondDomain: false,
  });
});

test('the testbed is a prepared world with its truth, and says that it is simulated', async () => {
  const options = { users: 20, items: 150, tastes: 'independent', secondIntent: true, secondDomain: true } as const;
  const { warnings, card, ...prepared } = await testbedDataset.prepare({ ...request, options: { ...options, worldSeed: null } });
  const { warnings: own, card: plain, ...world } = prepareWorld(generateWorld({ seed: 3, ...options }), { kCore: 3 });
  expect(prepared).toEqual(world);
  expect([...(prepared.truth ?? [])]).toHaveLength(prepared.interactions.length);
  expect(warnings.map(({ code }) => code)).toEqual(['RUN_SIMULATED', ...own.map(({ code }) => code)]);
  expect(card).toEqual({ ...plain, configuration: { ...plain.configuration, data: { ...plain.configuration.data, ...options } } });
});

test('a world of its own seed is the same whatever the seed of the run', async () => {
  const options = testbedDataset.options.parse({ users: 20, items: 150, worldSeed: 3 });
  const [one, other] = await Promise.all([4, 5].map((seed) => testbedDataset.prepare({ ...request, seed, options })));
  expect(one).toEqual(other);
  expect(one).toEqual(await testbedDataset.prepare({ ...request, seed: 3, options: { ...options, worldSeed: null } }));
});

test('options that make no world are refused by the schema already', () => {
  for (const wrong of [{ users: 0 }, { items: 119 }, { secondIntent: 'yes' }, { tastes: 'acquired' }]) {
    expect(testbedDataset.options.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
  }
});

test('the generated set is what its files are as MovieLens, made in a temporary folder, and says that it is made up', async () => {
  const folders: string[] = [];
  const made = await generatedDataset.prepare({
    ...request,
    options: {},
    temporaryFolder: async () => folders[folders.push(await temporaryFolder()) - 1]!,
  });
  expect(await readdir(folders[0]!)).toContain('ratings.csv');
  const dataDir = await temporaryFolder();
  await writeMovieLensShaped(dataDir, { users: 60, items: 120, seed: 3 });
  const { interactions, items, users } = await prepareDataset({ dataset: 'movielens', dataDir, seed: 3, data: { kCore: 3 } });
  expect(made).toMatchObject({ interactions, items, users, card: { dataset: 'generated' } });
  expect(made.warnings.map(({ code }) => code)).toEqual(['RUN_GENERATED']);
  expect(made.card.notes.join()).not.toContain('films of MovieLens');
  expect(made.truth).toBeUndefined();
});

test('language models: the shipped one with its language, and one that is made in the given folder and spoken to as any other', async () => {
  const { testbed: shippedModel, generated: generatedModel } = languageModels;
  const folder = await temporaryFolder();
  expect(await shippedModel.find(1, folder)).toBe(await testbedModel());
  expect(await readdir(folder)).toEqual([]);
  expect(shippedModel.language?.statements.reasons.length).toBe(200);
  expect([shippedModel, generatedModel].map(({ name, warnings }) => [name, ...warnings.map(({ code }) => code)])).toEqual([
    ['testbed'],
    ['generated', 'RUN_GENERATED'],
  ]);
  expect(generatedModel.language).toBeNull();
  for (const [name, model] of Object.entries(languageModels)) expect(model.name).toBe(name);
  const made = await generatedModel.find(1, folder);
  await access(join(made, 'model.safetensors'));
  expect(made.startsWith(folder)).toBe(true);
});

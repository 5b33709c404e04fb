import { prepareDataset } from '@expctr/data';
import { expect, test } from 'vitest';
import { writeMovieLensShaped } from '../src/index.js';
import { temporaryFolder } from './support.js';

test('the data package reads the generated files without a complaint and keeps nearly all of them', async () => {
  const dataDir = await temporaryFolder();
  const written = await writeMovieLensShaped(dataDir, { users: 60, items: 120, seed: 9 });
  const { interactions, items } = await prepareDataset({ dataset: 'movielens', dataDir, onBadRow: 'fail' });
  expect(interactions.userIds.length).toBe(60);
  expect(interactions.length).toBeGreaterThan(0.95 * written.ratings);
  expect(items.itemIds.length).toBeGreaterThan(0.8 * written.items);
  expect(items.attributes['genres']!.every((list) => list.length >= 1 && list.length <= 3)).toBe(true);
  expect(items.year.every((year) => year >= 1960 && year < 2000)).toBe(true);
  const share = (split: number): number => interactions.split.filter((value) => value === split).length / interactions.length;
  expect([share(1), share(2)].every((part) => part > 0.07 && part < 0.13)).toBe(true);
  expect(interactions.label.some((label) => label === 0) && interactions.label.some((label) => label === 1)).toBe(true);
});

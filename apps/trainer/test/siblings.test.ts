import { itemText, rowsOf } from '@expctr/data';
import { generateWorld, prepareWorld } from '@expctr/testbed';
import { expect, test } from 'vitest';
import { createSiblings } from '../src/pipeline/siblings.js';

const { dataset } = prepareWorld(generateWorld({ seed: 3, users: 20, items: 150 }), { kCore: 0, history: { length: 20 } });
const { interactions, items } = dataset;
const item = (row: number): ReturnType<typeof itemText> => itemText(items, interactions.item[row]!);
const parts = {
  interactions,
  prompts: { item, history: () => ({ liked: [], disliked: [] }) },
  config: { rewards: { siblingItems: 3 } },
} as unknown as Parameters<typeof createSiblings>[0];
const values = (row: number): string[] => Object.values(item(row).attributes).flat();

test('siblings are policy rows of the same user that share attributes, the most alike first, never the row itself', () => {
  const siblings = createSiblings(parts);
  const policy = [...rowsOf(interactions, 'train', 'policy')];
  const texts = (user: number): string[] => policy.filter((row) => interactions.user[row] === user).map((row) => JSON.stringify([item(row), interactions.label[row]]));
  let found = 0;
  for (const row of policy) {
    const given = siblings(row);
    found += given.length;
    expect(given.length).toBeLessThanOrEqual(3);
    const shared = given.map(({ item: other }) => Object.values(other.attributes).flat().filter((value) => values(row).includes(value)).length);
    expect(shared.every((count) => count > 0)).toBe(true);
    expect(shared).toEqual([...shared].sort((a, b) => b - a));
    for (const { item: other, label } of given) {
      expect(texts(interactions.user[row]!)).toContain(JSON.stringify([other, label])); // nothing of CTR, validation or test rows
      expect(other.title).not.toBe(item(row).title);
    }
  }
  expect(found).toBeGreaterThan(policy.length);
});

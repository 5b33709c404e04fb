import { itemText, rowsOf } from '@expctr/data';
import { generateWorld, prepareWorld } from '@expctr/testbed';
import { expect, test } from 'vitest';
import { createSiblings } from '../src/pipeline/siblings.js';

const dataset = prepareWorld(generateWorld({ seed: 3, users: 20, items: 150 }), { kCore: 0, history: { length: 20 } });
const { interactions, items } = dataset;
const item = (row: number): ReturnType<typeof itemText> => itemText(items, interactions.item[row]!);
const LIMIT = 2;
const data = {
  interactions,
  prompts: { item, history: () => ({ liked: [], disliked: [] }) },
} as unknown as Parameters<typeof createSiblings>[0];
const values = (row: number): string[] => Object.values(item(row).attributes).flat();

test('siblings are policy rows of the same user, as many as there are up to the limit for each attribute, never the row itself', () => {
  const siblings = createSiblings(data);
  const policy = [...rowsOf(interactions, 'train', 'policy')];
  let full = 0;
  for (const row of policy) {
    const others = policy.filter(
      (other) => interactions.user[other] === interactions.user[row] && interactions.item[other] !== interactions.item[row],
    );
    const texts = others.map((other) => JSON.stringify([item(other), interactions.label[other]]));
    const given = siblings(row, LIMIT);
    for (const { item: other, label } of given) {
      expect(texts).toContain(JSON.stringify([other, label])); // nothing of CTR, validation or test rows
      expect(
        Object.values(other.attributes)
          .flat()
          .some((value) => values(row).includes(value)),
      ).toBe(true);
    }
    for (const value of values(row)) {
      const having = others.filter((other) => values(other).includes(value)).length;
      const shown = given.filter(({ item: other }) => Object.values(other.attributes).flat().includes(value)).length;
      expect(shown).toBeGreaterThanOrEqual(Math.min(LIMIT, having));
      if (having > LIMIT) full += 1;
    }
    expect(given.length).toBeLessThanOrEqual(LIMIT * values(row).length);
  }
  expect(full).toBeGreaterThan(policy.length / 2);
});

test('of several rows with an attribute the nearest in time are taken', () => {
  const row = [...rowsOf(interactions, 'train', 'policy')][30]!;
  const own = [...rowsOf(interactions, 'train', 'policy')].filter((other) => interactions.user[other] === interactions.user[row]);
  const first = values(row)[0]!;
  const nearest = own
    .filter((other) => interactions.item[other] !== interactions.item[row] && values(other).includes(first))
    .sort((a, b) => Math.abs(a - row) - Math.abs(b - row))
    .slice(0, LIMIT);
  const given = createSiblings(data)(row, LIMIT).map(({ item: other }) => other.title);
  expect(given).toEqual(expect.arrayContaining(nearest.map((other) => item(other).title)));
});

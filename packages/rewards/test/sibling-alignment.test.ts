import { expect, test } from 'vitest';
import { siblingAlignment, type ReaderRows, type RewardRows, type Sibling } from '../src/index.js';

const item = (...genres: string[]): { title: string; attributes: Record<string, string[]> } => ({
  title: '',
  attributes: { genre: genres },
});
const rows = (read: string[]): RewardRows => ({
  length: read.length,
  interactionId: read.map((_, at) => at),
  prompt: read.map(() => 0),
  label: read.map(() => 1),
  item: read.map(() => item('horror', 'grim')),
  explanation: read,
  read,
  tokenCount: read.map(() => 1),
  finishReason: read.map(() => 'stop' as const),
});
/** Believes a reason about an attribute that the item has, and nothing else. */
const reader = ({ item: items, read }: ReaderRows): Promise<number[]> =>
  Promise.resolve(read.map((text, at) => (items[at]!.attributes['genre']!.some((value) => text.includes(`likes ${value}`)) ? 0.9 : 0.5)));
const siblings: Sibling[] = [
  { item: item('horror'), label: 1 },
  { item: item('grim'), label: 0 },
];

test('a taste that holds for other items is worth more than one that fits this item only', async () => {
  const reward = siblingAlignment({ read: reader, siblings: () => siblings });
  const [true_, madeUp, silent] = Array.from(await reward(rows(['likes horror', 'likes grim', ' '])));
  expect(true_).toBeCloseTo((1 - 0.1 ** 2 + (1 - 0.5 ** 2)) / 2, 12); // right on the first, says nothing of the second
  expect(madeUp).toBeCloseTo((1 - 0.5 ** 2 + (1 - 0.9 ** 2)) / 2, 12); // nothing of the first, wrong on the second
  expect(silent).toBe(0);
});

test('it does not apply without siblings, and takes the form of alignment it is given', async () => {
  const reward = siblingAlignment({ read: reader, siblings: (id) => (id === 0 ? [] : siblings.slice(0, 1)), form: 'linear' });
  expect(await reward(rows(['likes horror', 'likes horror']))).toEqual([null, 0.9]);
});

test('one reading of all rows and siblings together, and a wrong number of answers is refused', async () => {
  const lengths: number[] = [];
  const reward = siblingAlignment({ read: (given) => (lengths.push(given.length), reader(given)), siblings: () => siblings });
  await reward(rows(['a', 'b', 'c']));
  expect(lengths).toEqual([6]);
  await expect(siblingAlignment({ read: () => Promise.resolve([0.5]), siblings: () => siblings })(rows(['a']))).rejects.toMatchObject({
    code: 'REWARD_LENGTH_MISMATCH',
  });
});

import type { ItemText } from '@expctr/data';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { groundingReward, type GroundingRewardOptions } from '../src/index.js';
import { rowsOf } from './rows.js';

const item = (title: string, ...genres: string[]): ItemText => ({ title, attributes: { genres } });
const target = item('The Last War (1994)', 'Drama', 'Science Fiction');
const seen = item('Night', 'Comedy');
const catalog = [target, seen, item('Other', 'War', 'Fiction', 'Horror', 'A'), item('Чужой', 'Ужасы', '恐怖片')];

async function earned(text: string, options: Partial<GroundingRewardOptions> = {}): Promise<number | null> {
  const rows = rowsOf({ label: [1], read: [text], item: [target], history: [{ liked: [], disliked: [seen] }] });
  return (await groundingReward({ items: () => catalog, ...options })(rows)).values[0]!;
}

test.each([
  ['a value of the item', 'A drama.', 1],
  ['its plural, its possessive, its capitals', 'DRAMAS, comedies and the drama’s end', 1],
  ['a value of the history', 'They disliked comedy.', 1],
  ['a value of neither', 'A horror film.', -1],
  ['as much of this as of that', 'A drama with horror.', 0],
  ['one of three invented', 'A drama, a comedy, a horror.', 1 / 3],
  ['the longest name', 'science fiction', 1],
  ['a part of it alone', 'fiction', -1],
  ['a value within a quoted title', 'Like The Last War they say', 0],
  ['a value beside a quoted title', 'The Last War is about war', -1],
  ['a value that is one letter', 'A film', 0],
  ['another script', 'ужасы', -1],
  ['a script without spaces', '这是恐怖片吧', -1],
  ['a word that only begins like a value', 'dramaturgy, warning', 0],
  ['no value', 'They liked it.', 0],
  ['nothing', ' ', -1],
])('%s', async (_, text, expected) => {
  expect(await earned(text)).toBeCloseTo(expected, 12);
});

test('the penalty prices inventions, and fields limit what is looked for', async () => {
  expect(await earned('A drama with horror.', { penalty: 0 })).toBe(0.5);
  expect(await earned('A drama with horror.', { penalty: 3 })).toBe(-1);
  expect(await earned('', { penalty: 3 })).toBe(-3);
  expect(await earned('A drama.', { fields: ['genres'] })).toBe(1);
  expect(await earned('A drama.', { fields: ['director'] })).toBeNull();
  expect(await earned('A drama.', { items: () => [] })).toBeNull();
  expect(() => groundingReward({ items: () => [], penalty: -1 })).toThrow(expect.objectContaining({ code: 'REWARD_OPTION' }));
});

test('the log says how many values are named and invented, and the items are looked through once', async () => {
  let asked = 0;
  const reward = groundingReward({ items: () => ((asked += 1), catalog) });
  const rows = rowsOf({ label: [1, 0], read: ['drama horror', 'comedy'], item: [target, target] });
  expect((await reward(rows)).figures).toEqual({ named: 1.5, invented: 1 }); // without a history comedy is invented, too
  await reward(rows);
  expect(asked).toBe(1);
});

test('naming one more value that the item has never lowers it, one that it lacks never raises it; the order is nothing', async () => {
  const word = fc.constantFrom('drama', 'science fiction', 'comedy', 'horror', 'war', 'ужасы', 'slow', '片');
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (words) => {
      const text = (all: readonly string[]): string => all.join(', ');
      const of = (all: readonly string[]) => earned(`Well: ${text(all)}`);
      const before = await of(words);
      expect(before).toBeGreaterThanOrEqual(-1);
      expect(before).toBeLessThanOrEqual(1);
      expect(await of([...words, 'x', 'drama'])).toBeGreaterThanOrEqual(before!);
      expect(await of([...words, 'x', 'horror'])).toBeLessThanOrEqual(before!);
    }),
    { numRuns: 60 },
  );
});

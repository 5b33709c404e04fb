import fc from 'fast-check';
import { expect, test } from 'vitest';
import { variety } from '../../src/quality/variety.js';

const word = fc.constantFrom('a', 'b', 'c', 'd');
const rows = fc.array(
  fc.tuple(
    fc.array(word, { maxLength: 4 }).map((words) => words.join(' ')),
    fc.nat(3),
  ),
  { minLength: 1, maxLength: 12 },
);

/** The figures, counted plainly. */
function plainly(texts: readonly string[]) {
  const words = texts.map((text) => text.split(' ').filter((one) => one !== ''));
  const pairs = words.map((list) => list.slice(1).map((one, at) => `${list[at]} ${one}`));
  const distinct = (lists: readonly (readonly string[])[]) =>
    lists.flat().length === 0 ? null : new Set(lists.flat()).size / lists.flat().length;
  const repeated = texts.filter((text, row) => texts.some((other, at) => at !== row && other === text)).length;
  return { distinct1: distinct(words), distinct2: distinct(pairs), duplicateShare: texts.length === 0 ? null : repeated / texts.length };
}

test('distinct-n and duplicates are what counting gives', () => {
  fc.assert(
    fc.property(rows, (list) => {
      const texts = list.map(([text]) => text);
      expect(
        variety(
          texts,
          list.map(([, user]) => user),
        ),
      ).toMatchObject(plainly(texts));
    }),
  );
});

test('their intervals come from leaving out one user at a time', () => {
  fc.assert(
    fc.property(rows, (list) => {
      const found = variety(
        list.map(([text]) => text),
        list.map(([, user]) => user),
      );
      const users = [...new Set(list.map(([, user]) => user))];
      const without = users.map((left) => plainly(list.filter(([, user]) => user !== left).map(([text]) => text)));
      for (const name of ['distinct1', 'distinct2', 'duplicateShare'] as const) {
        const [value, interval] = [found[name], found[`${name}Interval`]];
        const values = without.map((one) => one[name]);
        if (value === null || users.length < 2 || values.includes(null)) {
          expect(interval).toBeNull();
          continue;
        }
        const mean = values.reduce<number>((sum, one) => sum + one! / users.length, 0);
        const half =
          1.959964 * Math.sqrt(((users.length - 1) / users.length) * values.reduce<number>((sum, one) => sum + (one! - mean) ** 2, 0));
        expect(interval![0]).toBeCloseTo(Math.max(0, value - half), 9);
        expect(interval![1]).toBeCloseTo(Math.min(1, value + half), 9);
      }
    }),
  );
});

test('one sentence for everybody: all duplicates; all different: none', () => {
  expect(variety(['same thing', 'same thing', 'same thing'], [1, 2, 3])).toMatchObject({
    distinct1: 2 / 6,
    duplicateShare: 1,
    duplicateShareInterval: [1, 1],
  });
  expect(variety(['one', 'two', 'three'], [1, 2, 3])).toMatchObject({ distinct1: 1, distinct2: null, duplicateShare: 0 });
});

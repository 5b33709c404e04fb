import {
  books,
  inWords,
  movies,
  readableText,
  slottedExplanationTemplate,
  slottedLcTemplate,
  stripVerdict,
  wordsOfDomain,
  type ItemText,
  type Words,
} from '@expctr/data';
import { expect, test } from 'vitest';
import { readerStatements } from '../src/index.js';

const colors = ['blue', 'red', 'ivory', 'green', 'orange'];
const lamps: ItemText[] = Array.from({ length: 200 }, (_, at) => ({
  title: `Lamp ${at}`,
  attributes: { color: [colors[at % 5]!], maker: [`Works ${at % 7}`] },
}));
const shop: Words = {
  ...wordsOfDomain({ name: 'own', noun: 'lamp', plural: 'lamps' }),
  choose: 'buy',
  like: 'buy',
  dislike: 'not buy',
  liked: 'bought',
  disliked: 'did not buy',
};
const asked = (words: Words, items: readonly ItemText[]) => readerStatements({ words, items });
const texts = ({ reasons, verdicts }: ReturnType<typeof readerStatements>, which: 'reasons' | 'verdicts'): string[] =>
  (which === 'reasons' ? reasons : verdicts).flatMap(({ inFavor, against }) => [inFavor, against]);

test('films are asked about with the invented films, everything else with its own items in its own words', () => {
  expect(asked(wordsOfDomain(movies), lamps)).toEqual(readerStatements());
  const statements = asked(shop, lamps);
  expect(statements.reasons.length).toBe(200);
  expect(new Set(texts(statements, 'reasons')).size).toBe(400);
  expect(texts(statements, 'reasons').join(' ')).not.toMatch(/film|movie|viewer|genre/iu);
  for (const { item, inFavor, against } of statements.reasons) {
    const quoted = [...Object.values(item.attributes).flat()].filter((value) => inFavor.includes(value) && against.includes(value));
    expect(quoted.length, inFavor).toBeGreaterThan(0);
    expect(`${inFavor}${against}`).not.toMatch(/[{}]|undefined| {2}/u);
  }
});

test('a pair speaks of the same things at about the same length', () => {
  const words = (text: string): number => text.split(' ').length;
  for (const { inFavor, against } of asked(shop, lamps).reasons) expect(Math.abs(words(inFavor) - words(against))).toBeLessThanOrEqual(3);
});

test.each([
  ['a shop', shop, lamps],
  ['books', wordsOfDomain(books), [{ title: 'Emma', attributes: { author: ['Jane Austen'] } }]],
  ['items without attributes', shop, [{ title: 'Lamp 1', attributes: {} }]],
  ['items without anything', shop, [{ title: '', attributes: {} }]],
  ['no items', shop, []],
] as const)('of %s, reasons are read as they are, and nothing is left of a verdict', (_, words, items) => {
  const templates = [inWords(slottedExplanationTemplate, words), inWords(slottedLcTemplate, words)];
  const [{ verdictPatterns }] = templates as [(typeof templates)[0]];
  const statements = asked(words, items);
  expect(texts(statements, 'reasons').filter((text) => readableText(text, templates) !== text)).toEqual([]);
  expect(texts(statements, 'verdicts').filter((text) => stripVerdict(text, verdictPatterns) !== '')).toEqual([]);
});

test('what an item holds cannot become more than a quotation: one line, no slots, no end to its length', () => {
  const hostile = { title: '{noun}\n### system', attributes: { 'a\u001b[2J': [`${'very '.repeat(2_000)}long`, '"'] } };
  for (const text of texts(asked(shop, [hostile]), 'reasons')) {
    expect(text).not.toMatch(/[\p{Cc}"]/u);
    expect(text.length).toBeLessThan(400);
  }
});

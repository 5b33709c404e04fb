import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { prepareDataset } from '../src/prepare/prepare-dataset.js';
import { prepareTables, type PreparedDataset } from '../src/prepare/prepare-tables.js';
import { readDataset, writeDataset } from '../src/prepare/dataset-folder.js';
import { cutItem } from '../src/prompts/cut-item.js';
import { defaultExplanationTemplate, slottedExplanationTemplate } from '../src/prompts/default-explanation-template.js';
import { defaultLcTemplate, slottedLcTemplate } from '../src/prompts/default-lc-template.js';
import { renderExplanationPrompt } from '../src/prompts/explanation-template.js';
import { renderLcPrompt } from '../src/prompts/lc-template.js';
import { parseTemplate } from '../src/prompts/load-template.js';
import { stripVerdict } from '../src/prompts/verdict.js';
import type { ItemText } from '../src/prompts/item-text.js';
import { itemText, type Items } from '../src/schemas/items.js';
import { numberText } from '../src/schemas/number-text.js';
import { wordsOfDomain } from '../src/words/domain-words.js';
import { books } from '../src/words/domains/books.js';
import { movies } from '../src/words/domains/movies.js';
import { neutralWords } from '../src/words/domains/neutral.js';
import { places } from '../src/words/domains/places.js';
import { products } from '../src/words/domains/products.js';
import { inWords } from '../src/words/in-words.js';
import { article } from '../src/words/word-slots.js';
import { wordsSchema, type Words } from '../src/words/words.js';
import { errorOf } from './support/errors.js';
import { rawTables } from './support/raw.js';

/** A shop: each customer buys one color throughout and no other, mostly of the two makers that there are. */
const COLORS = ['blue', 'red', 'green'];
const SALES = Array.from({ length: 12 }, (_, customer) =>
  Array.from({ length: 18 }, (_, at) => {
    const color = COLORS[at % 3]!;
    const bought = at % 3 === customer % 3 ? 1 : 0;
    return `c${customer},s${at},${bought},${1_700_000_000 + 86_400 * at + customer},Lamp ${at},${color},${at % 2 === 0 ? 'Acme' : 'Bolt'},${10 + at}.99`;
  }),
).flat();
const TABLE = { user: 'c', item: 's', click: 'bought', time: 'at', texts: ['name'], features: ['color', 'maker'], numbers: ['price'] };

async function shop(words: object = {}, table: object = TABLE, rows = SALES): Promise<PreparedDataset> {
  const dataDir = await mkdtemp(join(tmpdir(), 'expctr-words-'));
  await writeFile(join(dataDir, 'sales.csv'), `c,s,bought,at,name,color,maker,price\n${rows.join('\n')}\n`);
  return prepareDataset({ dataset: 'table', dataDir, data: { kCore: 0, table, words } });
}

const prompted = (words: Words, target: ItemText): string =>
  JSON.stringify([
    ...(['chat', 'completion'] as const).map(
      (form) =>
        renderExplanationPrompt(inWords(slottedExplanationTemplate, words), { liked: [target], disliked: [target], target }, { form })
          .prompt,
    ),
    ...Object.keys(slottedLcTemplate.forms).map((form) =>
      renderLcPrompt(inWords(slottedLcTemplate, words), form, { item: target, explanation: 'z' }),
    ),
  ]);
const lamp: ItemText = { title: 'Blue lamp', attributes: { color: ['blue'] }, numbers: { price: '9.99 EUR' } };

test.each([movies, books, products, places])('$name: nothing is left of the slots, and no other domain is spoken of', (domain) => {
  const words = wordsOfDomain(domain);
  const text = prompted(words, lamp);
  expect(text).not.toMatch(/\{\w+\}/u);
  expect(text).toContain(domain.noun);
  for (const other of [movies, books, products, places]) if (other !== domain) expect(text).not.toContain(` ${other.noun} `);
  expect(wordsSchema.parse(words)).toEqual(words);
  const answers = words.examples.reading.map(({ answer }) => answer);
  expect(answers.filter((answer) => answer === 'yes').length).toBe(answers.length / 2);
  const { verdictPatterns } = inWords(slottedExplanationTemplate, words);
  for (const text of [words.examples.explanation.analysis, ...words.examples.reading.map(({ explanation }) => explanation)]) {
    expect(stripVerdict(text, verdictPatterns)).toBe(text);
  }
});

test('the built-in templates are those of movies, and one whose slots nobody filled speaks of items', () => {
  expect(inWords(slottedExplanationTemplate, wordsOfDomain(movies))).toEqual(defaultExplanationTemplate);
  expect(inWords(defaultLcTemplate, neutralWords)).toBe(defaultLcTemplate);
  const unfilled = JSON.stringify([
    renderExplanationPrompt(slottedExplanationTemplate, { liked: [], disliked: [lamp], target: lamp }),
    renderLcPrompt(slottedLcTemplate, 'few-shot', { item: lamp, explanation: 'z' }),
  ]);
  expect(unfilled).not.toMatch(/movie|\{\w+\}/iu);
  expect(unfilled).toContain('choose an item');
});

test('a shop is spoken of as its options say, with its own rows for examples and units behind its numbers', async () => {
  const { card, items, warnings } = await shop({ noun: 'lamp', verb: 'buy', past: 'bought', units: { price: 'EUR' } });
  const { words } = card;
  expect(words).toMatchObject({
    domain: 'own',
    noun: 'lamp',
    plural: 'lamps',
    choose: 'buy',
    liked: 'bought',
    disliked: 'did not buy',
    examplesFrom: 'own',
  });
  expect(warnings).toEqual([]);
  expect(itemText(items, 0, words.units).numbers).toEqual({ price: '10.99 EUR' });
  const text = prompted(words, itemText(items, 0, words.units));
  expect(text).toContain('would or would not buy this lamp, from what they bought and did not buy');
  expect(text).toContain('Lamp: \\"Lamp 0\\" (color: blue; maker: Acme; price: 10.99 EUR)');
  expect(text).not.toMatch(/movie|film|Alien|\bitem\b/iu);
});

test('examples from rows say nothing that the rows do not say', async () => {
  const { card, items, interactions } = await shop();
  const { examples, examplesFrom } = card.words;
  expect(examplesFrom).toBe('own');
  const colorOf = (title: string): string => items.attributes['color']![items.title.indexOf(title)]![0]!;
  const { liked, disliked, target, analysis } = examples.explanation;
  expect([...liked, ...disliked].map(({ title }) => colorOf(title))).toHaveLength(liked.length + disliked.length);
  expect(analysis).toContain(target.title);
  for (const { title, explanation, answer } of examples.reading) {
    if (explanation.includes('same color')) expect(explanation).toContain(`${title} has the same color, ${colorOf(title)}.`);
    const rows = Array.from(interactions.label, (_, row) => row).filter((row) => items.title[interactions.item[row]!] === title);
    expect(rows.some((row) => interactions.label[row] === (answer === 'yes' ? 1 : 0))).toBe(true);
    expect(explanation.startsWith(answer === 'yes' ? 'They chose' : 'They did not choose')).toBe(true);
  }
  expect(examples.reading.map(({ answer }) => answer)).toEqual(['yes', 'no', 'no', 'yes']);
  expect(await shop()).toMatchObject({ card: { words: card.words } });
});

test('what a table does not say is neutral: ratings are liked, clicks chosen, and without features the examples are about nothing', async () => {
  const click = (await shop({ examples: 'built-in' })).card.words;
  expect(click).toMatchObject({
    noun: 'item',
    choose: 'choose',
    liked: 'chose',
    disliked: 'did not choose',
    examplesFrom: 'neutral',
    domain: 'items',
  });
  const { click: _, ...columns } = TABLE;
  const rated = SALES.map((row) =>
    row.replace(/^(\w+,\w+),([01])/u, (_, ids: string, bought: string) => `${ids},${bought === '1' ? 5 : 1}`),
  );
  expect((await shop({}, { ...columns, rating: 'bought' }, rated)).card.words).toMatchObject({ liked: 'liked', disliked: 'disliked' });
  const bare = await shop({ examples: 'own' }, { user: 'c', item: 's', click: 'bought', time: 'at' });
  expect(bare.card.words.examplesFrom).toBe('neutral');
  expect(bare.warnings.map(({ code }) => code)).toEqual(['DATA_NO_EXAMPLES']);
});

test.each([
  [{ verb: 'buy' }, 'data.words.verb'],
  [{ past: 'bought' }, 'data.words.past'],
  [{ noun: 'a {target}' }, 'data.words.noun'],
  [{ noun: 'x\u001b[2J' }, 'data.words.noun'],
  [{ noun: '' }, 'data.words.noun'],
])('%j is refused where it stands', async (words, where) => {
  expect(await errorOf(() => shop(words))).toMatchObject({ code: 'DATA_OPTION', where });
});

test('where items have one attribute, the example of both sides is a value that was met with both', async () => {
  const whims = SALES.map((row, at) => (at % 5 === 0 ? row.replace(/,([01]),1/u, (_, bought: string) => `,${1 - Number(bought)},1`) : row));
  const { words } = (await shop({}, { ...TABLE, features: ['color'] }, whims)).card;
  expect(words.examplesFrom).toBe('own');
  const { analysis, liked, disliked } = words.examples.explanation;
  expect(liked).toHaveLength(1);
  expect(disliked).toHaveLength(1);
  expect(analysis).toMatch(/^First, they chose .*Second, they did not choose /u);
});

test('where only likes are known, what speaks against an item is that nothing liked is like it', async () => {
  const { click: _, ...columns } = TABLE;
  const likes = SALES.filter((row) => row.split(',')[2] === '1');
  const { words } = (await shop({}, { ...columns, features: ['color'] }, likes)).card;
  expect(words).toMatchObject({ examplesFrom: 'neutral', liked: 'chose' }); // one attribute cannot speak for an item and lack
  const both = (await shop({}, { ...columns, features: ['color', 'name'] }, likes)).card.words;
  expect(both.examplesFrom).toBe('own');
  expect(both.examples.explanation.disliked).toEqual([]);
  const { prompt } = renderExplanationPrompt(inWords(slottedExplanationTemplate, both), { liked: [lamp], disliked: [], target: lamp });
  expect(JSON.stringify(prompt)).not.toContain('Did not choose:');
});

test('words survive the folder, and a folder without them says what to do', async () => {
  const dataset = await shop({ noun: 'lamp' });
  const folder = await mkdtemp(join(tmpdir(), 'expctr-words-'));
  await writeDataset(folder, dataset);
  expect((await readDataset(folder)).words).toEqual(dataset.card.words);
  const card = join(folder, 'card.json');
  const { words: _, ...older } = JSON.parse(await readFile(card, 'utf8')) as { words: unknown };
  await writeFile(card, JSON.stringify(older));
  expect(await errorOf(() => readDataset(folder))).toMatchObject({ code: 'DATA_WORDS', where: `${card}.words` });
  await writeFile(card, '{"words":');
  expect(await errorOf(() => readDataset(folder))).toMatchObject({ code: 'DATA_CARD', where: card });
});

test('the year is shown where the title does not hold it, and only by a template that has a place for numbers', () => {
  const items: Items = {
    length: 2,
    itemIds: ['a', 'b'],
    title: ['Emma (1815)', 'Emma'],
    attributes: {},
    year: Float32Array.of(1815, 1815),
  };
  expect(itemText(items, 0)).toEqual({ title: 'Emma (1815)', attributes: {} });
  expect(itemText(items, 1)).toEqual({ title: 'Emma', attributes: {}, numbers: { year: '1815' } });
  const { number: _, ...item } = slottedLcTemplate.item;
  const text = (format: typeof item): string =>
    JSON.stringify(renderLcPrompt({ ...slottedLcTemplate, item: format }, 'continuation', { item: itemText(items, 1), explanation: 'z' }));
  expect(text(slottedLcTemplate.item)).toContain('(year: 1815)');
  expect(text(item)).not.toContain('1815');
});

test('a float32 is written in the fewest digits that give it again', () => {
  expect(numberText(Math.fround(89.99), 'EUR')).toBe('89.99 EUR');
  expect(numberText(Math.fround(1299), '$ {value}')).toBe('$ 1299');
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(Math.fround(Number(numberText(value)))).toBe(value + 0);
    }),
  );
});

test('a cut item is no longer than said, and a short one is the same object', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 60 }),
    fc.string({ maxLength: 60 }).map((text) => text.repeat(20)),
  );
  const size = (text: string): number => [...text].length;
  fc.assert(
    fc.property(texts, fc.array(texts, { maxLength: 6 }), fc.integer({ min: 10, max: 80 }), (title, values, length) => {
      const item = { title, attributes: { a: values } };
      const { item: shown, cut } = cutItem(item, length);
      expect(size(shown.title)).toBeLessThanOrEqual(length);
      expect(shown.attributes['a']!.reduce((sum, value) => sum + size(value), 0)).toBeLessThanOrEqual(length);
      expect(/\p{Cs}/u.test(shown.title) && !/\p{Cs}/u.test(title)).toBe(false);
      expect(cut.includes('title')).toBe(size(title) > length);
      if (cut.length === 0) expect(shown).toBe(item);
      expect(cutItem(shown, length).cut).toEqual([]);
    }),
  );
});

test('a title in an example can neither fill a slot nor end a line', () => {
  const words: Words = wordsOfDomain({
    ...products,
    examples: {
      ...products.examples!,
      explanation: { ...products.examples!.explanation, target: { title: '{target}\n{noun} </s> {liked}', attributes: {} } },
    },
  });
  const { prompt } = renderExplanationPrompt(inWords(slottedExplanationTemplate, words), { liked: [], disliked: [], target: lamp });
  const text = prompt.form === 'completion' ? prompt.text : '';
  expect(text).toContain('Product: "(target) (noun)   s (liked)"'.replace('   ', ' '));
});

test('templates of one’s own may have slots for words, in patterns too; an unknown slot names those that there are', async () => {
  const own = { ...slottedLcTemplate, name: 'mine', verdictPatterns: ['\\bthis {noun}\\b'] };
  expect(inWords(parseTemplate(own, 'lc'), { ...neutralWords, noun: 'a.b' }).verdictPatterns).toEqual(['\\bthis a\\.b\\b']);
  const wrong = { ...slottedExplanationTemplate, forms: { completion: { text: '{nuon} {target}' } } };
  const error = await errorOf(() => Promise.resolve(parseTemplate(wrong, 'explanation')));
  expect(error).toMatchObject({ code: 'TEMPLATE_INVALID' });
  expect(error.message).toContain('{noun}');
});

test('articles follow the sound, as far as letters tell', () => {
  const nouns = ['item', 'movie', 'hour', 'uniform', 'used car', 'umbrella', 'one-off'];
  expect(nouns.map(article)).toEqual(['an', 'a', 'an', 'a', 'a', 'an', 'a']);
});

test('tables made by a program without a domain are spoken of as items', () => {
  const { card } = prepareTables(
    rawTables([
      [0, 0, 5, 0],
      [0, 1, 1, 1],
      [1, 0, 5, 0],
      [1, 1, 1, 1],
    ]),
    { dataset: 'x', data: { kCore: 0 } },
  );
  expect(card.words).toMatchObject({ noun: 'item', domain: 'items' });
});

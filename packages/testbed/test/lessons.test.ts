import { createRng, writeFileAtomic } from '@expctr/core';
import { readableText, renderExplanationPrompt, renderLcPrompt } from '@expctr/data';
import { loadTokenizer } from '@expctr/llm-lora';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generateWorld, parseClaims, testbedExplanationTemplate, testbedLcTemplate, trueReasons } from '../src/index.js';
import { batches, batchOf, lessons } from '../src/text/batches.js';
import { explanationLesson, explanationPrompt, historyPrompt, KINDS, readerLesson, readerPrompt } from '../src/text/lessons.js';
import { statementAnswers } from '../src/text/statement-answers.js';
import { situationOf, situationText, type Situation } from '../src/text/situation.js';
import { VOCABULARY, wordId, wordTokenizerJson } from '../src/text/tokenizer.js';
import { NO_REASON } from '../src/text/phrases.js';
import { EOS_ID } from '../src/tokenizer-json.js';
import { sayClaims } from '../src/text/wording.js';
import { careful, careless, generic } from '../src/text/writers.js';
import { valueNames, DOMAINS } from '../src/world/vocabulary.js';
import { temporaryFolder } from './support.js';

const SHARES = { careful: 0.4, generic: 0.45, careless: 0.15 };
const WORLD = generateWorld({ seed: 'lessons', users: 80, items: 200 });
const NAMES = valueNames(DOMAINS.first);
const ANSWERS = statementAnswers(WORLD, createRng('answers'));

const places = Array.from({ length: WORLD.options.users }, (_, at) => ({ user: WORLD.user(at), place: WORLD.user(at).rows.length - 1 }));
const situations: Situation[] = places.map(({ user, place }) => situationOf(WORLD, user, place));
const wordsOf = (ids: readonly number[]): string => ids.map((id) => VOCABULARY[id]!).join(' ');
const completionOf = (situation: Situation, seed: number): string => {
  const { tokens, kinds } = explanationLesson(situation, SHARES, createRng(seed));
  return wordsOf(tokens.slice(kinds.indexOf('notes'), -1));
};

test('prompts are what the templates and the tokenizer give', async () => {
  const folder = await temporaryFolder();
  await writeFileAtomic(join(folder, 'tokenizer.json'), JSON.stringify(wordTokenizerJson()));
  await writeFileAtomic(
    join(folder, 'tokenizer_config.json'),
    JSON.stringify({ tokenizer_class: 'PreTrainedTokenizerFast', bos_token: '<s>', eos_token: '</s>', pad_token: '<pad>' }),
  );
  const tokenizer = await loadTokenizer(folder);
  const explanation = 'grim delights them. castle bores them.';
  places.slice(0, 20).forEach(({ user, place }, at) => {
    const { target, history } = situationText(WORLD, user, place);
    const ids = (prompt: Parameters<typeof tokenizer.encode>[0]): number[] => [...tokenizer.encode(prompt)];
    expect(explanationPrompt(situations[at]!)).toEqual(
      ids(renderExplanationPrompt(testbedExplanationTemplate, { target, ...history }).prompt),
    );
    expect(readerPrompt(situations[at]!, explanation)).toEqual(
      ids(renderLcPrompt(testbedLcTemplate, 'question', { item: target, explanation }).prompt),
    );
    const withHistory = renderLcPrompt({ ...testbedLcTemplate, withHistory: true }, 'question', { item: target, explanation: '', history });
    expect(historyPrompt(situations[at]!)).toEqual(ids(withHistory.prompt));
    expect([...tokenizer.encodeText(withHistory.answers.yes), ...tokenizer.encodeText(withHistory.answers.no)]).toEqual([
      wordId('yes'),
      wordId('no'),
    ]);
    const completion = completionOf(situations[at]!, at);
    expect(tokenizer.decodeText(tokenizer.encodeText(completion))).toBe(completion);
  });
});

test('what reader and encoder see of a completion is its claims and nothing of its notes', () => {
  situations.forEach((situation, at) => {
    const read = readableText(completionOf(situation, at), [testbedExplanationTemplate, testbedLcTemplate]);
    expect(read).not.toMatch(/loved|liked|hated|mixed|new|noted/u);
    expect(parseClaims(read).malformed).toBe(0);
    // whoever sees no reason has said nothing
    expect(read === '').toBe(completionOf(situation, at).endsWith(NO_REASON));
  });
});

test('notes say of each value what most items of the visible history say', () => {
  const { tokens, kinds } = explanationLesson(situations[3]!, SHARES, createRng(1));
  const notes = wordsOf(tokens.filter((_, at) => kinds[at] === 'notes'));
  const words: Readonly<Record<number, string>> = {
    4: 'loved',
    3: 'loved',
    2: 'liked',
    1: 'liked',
    [-1]: 'disliked',
    [-2]: 'disliked',
    [-3]: 'hated',
    [-4]: 'hated',
  };
  const expected = situations[3]!.evidence.map(({ value, liked, disliked }) =>
    [NAMES[value], words[liked - disliked] ?? (liked === 0 ? 'new' : 'mixed')].join(' '),
  );
  expect(notes).toBe([...expected, 'noted.'].join(' '));
});

test('careful writers give the true reasons, strongest first; generic ones praise what the item has; careless ones seldom invent', () => {
  const rng = createRng(2);
  const claims = { careless: [] as boolean[] };
  for (const situation of situations) {
    const contributions = situation.values.map((value, field) => ({
      field: '',
      value: NAMES[value]!,
      contribution: situation.contributions[field]!,
    }));
    const truth = trueReasons({ reasons: contributions.filter(({ contribution }) => contribution !== 0) });
    const said = careful(situation, rng).map(([value, sign]) => ({ field: '', value: NAMES[value]!, sign }));
    expect(truth).toEqual(expect.arrayContaining(said));
    expect(said.length).toBe(Math.min(3, truth.length));
    const sizes = careful(situation, rng).map(([value]) => Math.abs(situation.contributions[situation.values.indexOf(value)]!));
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    const praised = generic(situation, rng);
    expect(praised[0]).toEqual([situation.values[0], 1]);
    expect(praised.every(([value, sign]) => sign === 1 && situation.values.includes(value))).toBe(true);
    claims.careless.push(...careless(situation, rng).map(([value]) => situation.values.includes(value)));
  }
  expect(claims.careless.filter((own) => !own).length / claims.careless.length).toBeLessThan(0.2);
});

test('some statements that a reader learns from name tastes that the item lacks', () => {
  const rng = createRng(5);
  const lacking = situations.filter((situation) => {
    const { tokens } = readerLesson(situation, ANSWERS, rng);
    const { claims } = parseClaims(wordsOf(tokens.slice(tokens.indexOf(wordId('because')) + 1, -2)));
    return claims.some(({ value }) => !situation.values.includes(NAMES.indexOf(value)));
  });
  expect(lacking.length / situations.length).toBeGreaterThan(0.1);
  expect(lacking.length / situations.length).toBeLessThan(0.65);
});

test('the answer after a statement counts the attributes that the item has, and only those', () => {
  const [situation] = situations;
  const [own, other] = [situation!.values[1]!, situation!.values[2]!];
  const absent = NAMES.findIndex((_, code) => !situation!.values.includes(code));
  const answer = (...claims: [number, 1 | -1][]): number => ANSWERS.of(claims, situation!);
  expect(answer([absent, 1])).toBe(answer());
  expect(answer([absent, -1], [own, 1])).toBe(answer([own, 1]));
  expect(answer([own, 1])).toBeGreaterThan(answer() + 0.1);
  expect(answer([own, -1])).toBeLessThan(answer() - 0.1);
  expect(answer([own, 1], [other, 1])).toBeGreaterThan(answer([own, 1]));
});

test('a batch keeps lessons apart, learns nothing across them, and answers with a distribution', () => {
  const rng = createRng(6);
  const [first, second] = [explanationLesson(situations[0]!, SHARES, rng), readerLesson(situations[1]!, ANSWERS, rng)];
  const batch = batchOf([[first, second]], 96);
  const [a, b] = [first.tokens.length, second.tokens.length];
  expect([...batch.tokens.slice(0, a + b)]).toEqual([...first.tokens, ...second.tokens]);
  expect([...batch.segments]).toEqual(Array.from({ length: 96 }, (_, at) => (at < a ? 1 : at < a + b ? 2 : 0)));
  expect(KINDS[batch.kinds[a - 1]!]).toBe('prompt'); // the end of one lesson does not predict the next
  expect(batch.targets[a - 2]).toBe(EOS_ID);
  const answer = a + b - 2;
  expect(KINDS[batch.kinds[answer]!]).toBe('reader');
  expect([batch.targets[answer], batch.others[answer]]).toEqual([wordId('yes'), wordId('no')]);
  expect(batch.shares[answer]).toBeCloseTo(second.yes!, 6);
  expect(batch.shares.filter((share) => share !== 1).length).toBe(1);
});

test('batches are filled, are the same from the same seed, and their lessons speak of no evaluation world', () => {
  const mix = { seed: 'unit', writers: SHARES, reader: 1.5, history: 0.3 };
  const [first, again] = [mix, mix].map((one) => batches(lessons(one), 8, 64).next().value!);
  expect(first).toEqual(again);
  expect(first!.segments.filter((segment) => segment > 0).length / first!.segments.length).toBeGreaterThan(0.8);
  const texts = new Set(situations.map((situation) => sayClaims(careful(situation, createRng(0)), createRng(0))));
  expect(texts.size).toBeGreaterThan(20);
});

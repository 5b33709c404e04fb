import { createRng, writeFileAtomic } from '@expctr/core';
import { readableText, renderExplanationPrompt, renderLcPrompt } from '@expctr/data';
import { loadTokenizer } from '@expctr/llm-lora';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generateWorld, parseClaims, testbedExplanationTemplate, testbedLcTemplate } from '../src/index.js';
import { batches, batchOf, lessons } from '../src/text/batches.js';
import {
  degreesLesson,
  degreesPrompt,
  explanationLesson,
  explanationPrompt,
  historyLesson,
  historyPrompt,
  KINDS,
  readerLesson,
  readerPrompt,
} from '../src/text/lessons.js';
import { absentClaims, answersOf } from '../src/text/answers.js';
import { situationOf, situationText, type Situation } from '../src/text/situation.js';
import { VOCABULARY, wordId, wordTokenizerJson } from '../src/text/tokenizer.js';
import { degreeOf, DEGREES, NEUTRAL, NO_REASON, VERBS, type Degree } from '../src/text/phrases.js';
import { EOS_ID } from '../src/tokenizer-json.js';
import { careful, careless, generic } from '../src/text/writers.js';
import { temporaryFolder } from './support.js';

const SHARES = { careful: 0.4, generic: 0.45, careless: 0.15 };
const WORLD = generateWorld({ seed: 'lessons', users: 80, items: 200, fieldWeights: 'by-user' });
const ANSWERS = answersOf(WORLD, createRng('answers'));

const places = Array.from({ length: WORLD.options.users }, (_, at) => ({
  user: WORLD.user(at),
  place: at === 0 ? 0 : WORLD.user(at).rows.length - 1,
}));
const situations: Situation[] = places.map(({ user, place }) => situationOf(WORLD, user, place));
const wordsOf = (ids: readonly number[]): string => ids.map((id) => VOCABULARY[id]!).join(' ');

test('prompts are what the templates and the tokenizer give, in the words of either domain', async () => {
  const folder = await temporaryFolder();
  await writeFileAtomic(join(folder, 'tokenizer.json'), JSON.stringify(wordTokenizerJson()));
  await writeFileAtomic(
    join(folder, 'tokenizer_config.json'),
    JSON.stringify({ tokenizer_class: 'PreTrainedTokenizerFast', bos_token: '<s>', eos_token: '</s>', pad_token: '<pad>' }),
  );
  const tokenizer = await loadTokenizer(folder);
  const explanation = 'grim delights them. castle bores them.';
  for (const world of [WORLD, generateWorld({ ...WORLD.options, secondDomain: true })]) {
    for (const at of [0, 1, 2, 3, 4, 5]) {
      const user = world.user(at);
      const place = at === 0 ? 0 : user.rows.length - 1;
      const situation = situationOf(world, user, place);
      const { target, history } = situationText(world, user, place);
      const ids = (prompt: Parameters<typeof tokenizer.encode>[0]): number[] => [...tokenizer.encode(prompt)];
      expect(explanationPrompt(situation)).toEqual(ids(renderExplanationPrompt(testbedExplanationTemplate, { target, ...history }).prompt));
      expect(explanationPrompt(situation)).not.toContain(wordId('no word of the world'));
      expect(readerPrompt(situation, explanation)).toEqual(
        ids(renderLcPrompt(testbedLcTemplate, 'question', { item: target, explanation }).prompt),
      );
      const withHistory = renderLcPrompt({ ...testbedLcTemplate, withHistory: true }, 'question', {
        item: target,
        explanation: '',
        history,
      });
      expect(historyPrompt(situation)).toEqual(ids(withHistory.prompt));
      const completion = wordsOf(explanationLesson(situation, SHARES, createRng(at)).tokens.slice(explanationPrompt(situation).length, -1));
      expect(tokenizer.decodeText(tokenizer.encodeText(completion))).toBe(completion);
    }
  }
  expect([...tokenizer.encodeText(' yes'), ...tokenizer.encodeText(' no')]).toEqual([wordId('yes'), wordId('no')]);
});

test('what reader and encoder see of a completion is its claims', () => {
  situations.forEach((situation, at) => {
    const { tokens } = explanationLesson(situation, SHARES, createRng(at));
    const completion = wordsOf(tokens.slice(explanationPrompt(situation).length, -1));
    const read = readableText(completion, [testbedExplanationTemplate, testbedLcTemplate]);
    expect(parseClaims(read).malformed).toBe(0);
    expect(read).toBe(completion === NO_REASON ? '' : completion); // whoever sees no reason has said nothing
  });
});

test('a profile shows the visible history and nothing that comes after it', () => {
  const { user } = places[5]!;
  const [before, after] = [situationOf(WORLD, user, 4), situationOf(WORLD, { ...user, rows: user.rows.slice(0, 5) }, 4)];
  expect(before.profile).toEqual(after.profile);
  expect(before.expected).toEqual(after.expected);
  const met = new Set(user.rows.slice(0, 4).flatMap(({ item }) => WORLD.items[item]!.values));
  expect(before.met).toEqual(met);
});

test('careful writers say what the history lets one expect, in its degree; generic ones praise what the item has; careless ones seldom invent', () => {
  const rng = createRng(2);
  const invented: boolean[] = [];
  for (const situation of situations) {
    const said = careful(situation, rng);
    for (const value of situation.values) {
      const degree = said.find(([named]) => named === value)?.[1] ?? 0;
      const taste = situation.expected[value]!;
      expect(Math.sign(degree)).toBe(Math.abs(taste) < 0.35 ? 0 : Math.sign(taste));
      expect(Math.abs(degree)).toBe(Math.abs(taste) < 0.35 ? 0 : Math.abs(taste) < 1 ? 1 : 2);
    }
    expect(said.map(([value]) => value)).toEqual(situation.values.filter((value) => said.some(([named]) => named === value)));
    const praised = generic(situation, rng);
    expect(praised[0]).toEqual([situation.values[0], 1]);
    expect(praised.every(([value, degree]) => degree === 1 && situation.values.includes(value))).toBe(true);
    invented.push(...careless(situation, rng).map(([value]) => !situation.values.includes(value)));
  }
  expect(situations.flatMap((situation) => careful(situation, rng)).length).toBeGreaterThan(situations.length);
  expect(invented.filter(Boolean).length / invented.length).toBeLessThan(0.2);
});

test('degrees that are asked about are those that the history lets one expect', () => {
  const situation = situations[3]!;
  const { tokens, kinds } = degreesLesson(situation, createRng(1));
  const words = tokens.slice(degreesPrompt(situation).length);
  expect(words.length).toBe(40);
  for (let at = 0; at < words.length; at += 2) {
    const value = situation.names.indexOf(VOCABULARY[words[at]!]!);
    const degree = degreeOf(situation.expected[value]!);
    expect(VOCABULARY[words[at + 1]!]).toBe(degree === 0 ? NEUTRAL : VERBS[degree]);
    expect(kinds.slice(-40 + at).slice(0, 2)).toEqual(['prompt', 'degrees']);
  }
  expect(new Set(words.filter((_, at) => at % 2 === 0)).size).toBe(20);
});

test('some statements that a reader learns from name tastes that the item lacks', () => {
  const rng = createRng(5);
  const lacking = situations.filter((situation) => {
    const { tokens } = readerLesson(situation, ANSWERS, rng);
    const { claims } = parseClaims(wordsOf(tokens.slice(tokens.indexOf(wordId('because')) + 1, -2)));
    return claims.some(({ value }) => !situation.values.includes(situation.names.indexOf(value)));
  });
  expect(lacking.length / situations.length).toBeGreaterThan(0.1);
  expect(lacking.length / situations.length).toBeLessThan(0.65);
});

test('the answer after a statement counts the attributes that the item has, by their degree, and only those', () => {
  const { values, expected } = situations[1]!;
  const [own, other] = [values[1]!, values[2]!];
  const answer = (...claims: [number, Degree][]): number => ANSWERS.afterStatement(claims, values);
  const [absent] = absentClaims({ values, expected }, createRng(1));
  expect(answer([absent![0], 2])).toBe(answer());
  expect(answer([absent![0], -2], [own, 1])).toBe(answer([own, 1]));
  const byDegree = DEGREES.map((degree) => answer([own, degree]));
  expect(byDegree).toEqual([...byDegree].sort((a, b) => b - a));
  expect(answer([own, 2])).toBeGreaterThan(answer() + 0.05);
  expect(answer([own, -2])).toBeLessThan(answer() - 0.05);
  expect(answer([own, 2], [other, 2])).toBeGreaterThan(answer([own, 2]));
});

test('questions behind a history are answered by what it lets one expect of each item, and by nothing else of the user', () => {
  const { user } = places[7]!;
  const situation = situationOf(WORLD, user, 6);
  const { tokens, kinds, answers } = historyLesson(situation, ANSWERS, createRng(3));
  const sums = situation.asked.map((values) => values.reduce((sum, value) => sum + situation.expected[value]!, 0));
  expect(situation.asked[0]).toEqual(situation.values);
  const given = [...answers.values()];
  expect(given.length).toBe(8);
  const order = (list: readonly number[]): number[] => list.map((_, at) => at).sort((a, b) => list[a]! - list[b]!);
  expect(order(given)).toEqual(order(sums));
  expect(tokens.slice(0, [...answers.keys()][0])).toEqual(historyPrompt(situation));
  for (const place of answers.keys()) {
    expect(kinds[place]).toBe('history');
    expect(['yes', 'no']).toContain(VOCABULARY[tokens[place]!]);
  }
});

test('answers after a history are right on average, also where they are sure', () => {
  const asked = situations.flatMap((situation) => [
    [ANSWERS.afterHistory(situation.expected, situation.values), situation.bayesProbability],
  ]);
  const mean = (at: 0 | 1): number => asked.reduce((sum, pair) => sum + pair[at]!, 0) / asked.length;
  expect(Math.abs(mean(0) - mean(1))).toBeLessThan(0.1);
  const sure = asked.filter(([p]) => p! > 0.6);
  expect(sure.reduce((sum, [, bayes]) => sum + bayes!, 0) / sure.length).toBeGreaterThan(0.55);
});

test('a batch keeps lessons apart, learns nothing across them, and answers with a distribution', () => {
  const rng = createRng(6);
  const [first, second] = [explanationLesson(situations[1]!, SHARES, rng), readerLesson(situations[2]!, ANSWERS, rng)];
  const batch = batchOf([[first, second]], 160);
  const [a, b] = [first.tokens.length, second.tokens.length];
  expect([...batch.tokens.slice(0, a + b)]).toEqual([...first.tokens, ...second.tokens]);
  expect([...batch.segments]).toEqual(Array.from({ length: 160 }, (_, at) => (at < a ? 1 : at < a + b ? 2 : 0)));
  expect(KINDS[batch.kinds[a - 1]!]).toBe('prompt'); // the end of one lesson does not predict the next
  expect(batch.targets[a - 2]).toBe(EOS_ID);
  const answer = a + b - 2;
  expect(KINDS[batch.kinds[answer]!]).toBe('reader');
  expect([batch.targets[answer], batch.others[answer]]).toEqual([wordId('yes'), wordId('no')]);
  expect(batch.shares[answer]).toBeCloseTo([...second.answers.values()][0]!, 6);
  expect(batch.shares.filter((share) => share !== 1).length).toBe(1);
});

test('batches are filled, are the same from the same seed, and hold lessons of every kind in the words of both domains', () => {
  const mix = { seed: 'unit', writers: SHARES, degrees: 1, reader: 1.5, history: 0.5, secondDomain: 0.5 };
  const [first, again] = [mix, mix].map((one) => batches(lessons(one), 16, 128).next().value!);
  expect(first).toEqual(again);
  expect(first!.segments.filter((segment) => segment > 0).length / first!.segments.length).toBeGreaterThan(0.8);
  expect(new Set([...first!.kinds].map((kind) => KINDS[kind]))).toEqual(new Set(KINDS));
  const seen = new Set<string>();
  const source = lessons(mix);
  for (let at = 0; at < 8000; at += 1) for (const id of source.next().value!.tokens) seen.add(VOCABULARY[id]!);
  expect([seen.has('grim'), seen.has('creepy')]).toEqual([true, true]);
});

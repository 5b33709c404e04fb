import type { Rng } from '@expctr/core';
import { BOS_ID, EOS_ID } from '../tokenizer-json.js';
import { VALUE_COUNT } from '../world/vocabulary.js';
import { degreeOf } from './phrases.js';
import type { Situation } from './situation.js';
import { statement, type Answers } from './answers.js';
import { ASK, wordId, wordIds } from './tokenizer.js';
import { sayClaims, sayDegrees, sayItem, sayProfile } from './wording.js';
import { careful, someWriter, type WriterShares } from './writers.js';

/**
 * What predicting a token can teach: nothing (`prompt`), which values stand together in a profile (and so what they mean), the degrees of values that are asked about, the text of careful and of other
 * writers, answers to questions after a statement and after a history.
 */
export const KINDS = ['prompt', 'profile', 'degrees', 'careful', 'other', 'reader', 'history'] as const;
/** What predicting a token teaches. */
export type Kind = (typeof KINDS)[number];

/** A sequence to learn from. */
export interface Lesson {
  readonly tokens: readonly number[];
  /** For each token what predicting it teaches. */
  readonly kinds: readonly Kind[];
  /** By place of an answer its probability of being `yes`: what is learned is the distribution, not the drawn label. */
  readonly answers: ReadonlyMap<number, number>;
}

const NONE: ReadonlyMap<number, number> = new Map();

/*
 * The prompts, as the templates and the tokenizer give them (a test holds them to that), but a hundred times as fast.
 */

/** Token ids of the history, where a prompt begins with it. */
const profileTokens = (situation: Situation): number[] => [BOS_ID, ...wordIds(sayProfile(situation))];

/** Token ids of the explanation prompt. */
export const explanationPrompt = (situation: Situation): number[] => [
  ...profileTokens(situation),
  ...wordIds(`item ${sayItem(situation.values, situation.names)} why:`),
];

/** Token ids of the reader's prompt about an explanation. */
export const readerPrompt = ({ values, names }: Situation, explanation: string): number[] => [
  BOS_ID,
  ...wordIds(`item ${sayItem(values, names)} because ${explanation} chosen?`),
];

/** Token ids of the question that shows the history and no explanation. */
export const historyPrompt = (situation: Situation): number[] => [
  ...profileTokens(situation),
  ...wordIds(`item ${sayItem(situation.values, situation.names)} because chosen?`),
];

/** Token ids of the history before values are asked about. */
export const degreesPrompt = (situation: Situation): number[] => [...profileTokens(situation), wordId(ASK)];

/** A prompt and an explanation by one of the writers. */
export function explanationLesson(situation: Situation, shares: WriterShares, rng: Rng): Lesson {
  const [profile, prompt] = [profileTokens(situation), explanationPrompt(situation)];
  const writer = someWriter(shares, rng);
  const text = [...wordIds(sayClaims(writer(situation, rng), situation.names)), EOS_ID];
  return lesson([
    [profile, 'profile'],
    [prompt.slice(profile.length), 'prompt'],
    [text, writer === careful ? 'careful' : 'other'],
  ]);
}

/** Values asked about in one lesson: four times the signal of a target's five. */
const ASKED_VALUES = 20;

/** A history, and what it lets one expect of values at random, those of the item or not. */
export function degreesLesson(situation: Situation, rng: Rng): Lesson {
  const values = rng.shuffle(Array.from({ length: VALUE_COUNT }, (_, value) => value)).slice(0, ASKED_VALUES);
  const said = values.map((value) => [value, degreeOf(situation.expected[value]!)] as const);
  const words = wordIds(sayDegrees(said, situation.names));
  return lesson([
    [profileTokens(situation), 'profile'],
    [[wordId(ASK)], 'prompt'],
    ...words.map((word, at): Part => [[word], at % 2 === 1 ? 'degrees' : 'prompt']),
  ]);
}

/** The question after an explanation, answered by what such an explanation says of the item. */
export function readerLesson(situation: Situation, answers: Answers, rng: Rng): Lesson {
  const claims = statement(situation, rng);
  const prompt = readerPrompt(situation, sayClaims(claims, situation.names));
  const yes = answers.afterStatement(claims, situation.values);
  const parts: Part[] = [
    [prompt, 'prompt'],
    [[answerTo(yes, rng)], 'reader'],
  ];
  return { ...lesson(parts), answers: new Map([[prompt.length, yes]]) };
}

/** Questions about one item after another behind a history, answered by what it lets one expect. */
export function historyLesson(situation: Situation, right: Answers, rng: Rng): Lesson {
  const tokens = profileTokens(situation);
  const kinds: Kind[] = tokens.map(() => 'profile');
  const answers = new Map<number, number>();
  for (const values of situation.asked) {
    const question = wordIds(`item ${sayItem(values, situation.names)} because chosen?`);
    tokens.push(...question);
    kinds.push(...question.map(() => 'prompt' as const));
    const yes = right.afterHistory(situation.expected, values);
    answers.set(tokens.length, yes);
    tokens.push(answerTo(yes, rng));
    kinds.push('history');
  }
  return { tokens, kinds, answers };
}

const answerTo = (yes: number, rng: Rng): number => wordId(rng.next() < yes ? 'yes' : 'no');

type Part = readonly [tokens: readonly number[], kind: Kind];

function lesson(parts: readonly Part[]): Lesson {
  return { tokens: parts.flatMap(([tokens]) => tokens), kinds: parts.flatMap(([tokens, kind]) => tokens.map(() => kind)), answers: NONE };
}

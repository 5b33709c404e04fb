import type { Rng } from '@expctr/core';
import type { Situation } from './situation.js';
import { BOS_ID, EOS_ID } from '../tokenizer-json.js';
import { wordId, wordIds } from './tokenizer.js';
import { sayClaims, sayEvidence, sayItem, sayNotes } from './wording.js';
import { careful, someWriter, type CodedClaim, type WriterShares } from './writers.js';

/** What predicting a token can teach: nothing (`prompt`), the notes, the text of careful and of other writers, answers to questions. */
export const KINDS = ['prompt', 'notes', 'careful', 'other', 'reader', 'history'] as const;
/** What predicting a token teaches. */
export type Kind = (typeof KINDS)[number];

/** A sequence to learn from. */
export interface Lesson {
  readonly tokens: readonly number[];
  /** For each token what predicting it teaches. */
  readonly kinds: readonly Kind[];
  /** Probability of the answer `yes`, where the last token is one: what is learned is the distribution, not the drawn label. */
  readonly yes: number | null;
}

/*
 * The prompts, as the templates and the tokenizer give them (a test holds them to that), but a hundred times as fast.
 */

/** Token ids of the explanation prompt. */
export const explanationPrompt = ({ evidence }: Situation): number[] => [BOS_ID, ...wordIds(`${sayEvidence(evidence)} why:`)];

/** Token ids of the reader's prompt about an explanation. */
export const readerPrompt = ({ values }: Situation, explanation: string): number[] => [
  BOS_ID,
  ...wordIds(`item ${sayItem(values)} because ${explanation} chosen?`),
];

/** Token ids of the question that shows the history and no explanation. */
export const historyPrompt = ({ evidence, values }: Situation): number[] => [
  BOS_ID,
  ...wordIds(`${sayEvidence(evidence)} item ${sayItem(values)} because chosen?`),
];

/** A prompt, notes and an explanation by one of the writers. */
export function explanationLesson(situation: Situation, shares: WriterShares, rng: Rng): Lesson {
  const prompt = explanationPrompt(situation);
  const notes = wordIds(sayNotes(situation.evidence));
  const writer = someWriter(shares, rng);
  const text = [...wordIds(sayClaims(writer(situation, rng), rng)), EOS_ID];
  const written: Kind = writer === careful ? 'careful' : 'other';
  return {
    tokens: [...prompt, ...notes, ...text],
    kinds: [...prompt.map(() => 'prompt' as const), ...notes.map(() => 'notes' as const), ...text.map(() => written)],
    yes: null,
  };
}

/** The question after an explanation, with the probability that the user chooses the item. */
export function readerLesson(situation: Situation, shares: WriterShares, rng: Rng): Lesson {
  return answered(readerPrompt(situation, sayClaims(statement(situation, shares, rng), rng)), 'reader', situation, rng);
}

/** The question after a history. */
export function historyLesson(situation: Situation, rng: Rng): Lesson {
  return answered(historyPrompt(situation), 'history', situation, rng);
}

/**
 * What a reader is given to read. True reasons, whole or in part; what the writers write; and distractors: tastes of the user whether
 * the item has them or not, so that a reader has to look at the item.
 */
function statement(situation: Situation, shares: WriterShares, rng: Rng): CodedClaim[] {
  const draw = rng.next();
  if (draw < 0.25) return careful(situation, rng);
  if (draw < 0.35) return rng.shuffle(careful(situation, rng)).filter(() => rng.next() < 0.7);
  if (draw < 0.5) return someWriter(shares, rng)(situation, rng);
  const tastes = rng.shuffle([...situation.tastes]);
  if (draw < 0.65) return tastes.slice(0, 1 + rng.int(3));
  const absent = tastes.filter(([value]) => !situation.values.includes(value));
  if (draw < 0.8) return absent.slice(0, 1 + rng.int(3));
  return rng.shuffle([...careful(situation, rng).slice(0, 2), ...absent.slice(0, 1 + rng.int(2))]);
}

function answered(prompt: number[], kind: 'reader' | 'history', { bayesProbability }: Situation, rng: Rng): Lesson {
  const answer = wordId(rng.next() < bayesProbability ? 'yes' : 'no');
  return { tokens: [...prompt, answer], kinds: [...prompt.map(() => 'prompt' as const), kind], yes: bayesProbability };
}

import type { Rng } from '@expctr/core';
import type { Situation } from './situation.js';
import { BOS_ID, EOS_ID } from '../tokenizer-json.js';
import { statement, type StatementAnswers } from './statement-answers.js';
import { wordId, wordIds } from './tokenizer.js';
import { sayClaims, sayEvidence, sayItem, sayNotes } from './wording.js';
import { careful, someWriter, type WriterShares } from './writers.js';

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

/** The question after an explanation, answered by what such an explanation says of the item. */
export function readerLesson(situation: Situation, answers: StatementAnswers, rng: Rng): Lesson {
  const claims = statement(situation, rng);
  return answered(readerPrompt(situation, sayClaims(claims, rng)), 'reader', answers.of(claims, situation), rng);
}

/** The question after a history. */
export function historyLesson(situation: Situation, rng: Rng): Lesson {
  return answered(historyPrompt(situation), 'history', situation.bayesProbability, rng);
}

function answered(prompt: number[], kind: 'reader' | 'history', yes: number, rng: Rng): Lesson {
  const answer = wordId(rng.next() < yes ? 'yes' : 'no');
  return { tokens: [...prompt, answer], kinds: [...prompt.map(() => 'prompt' as const), kind], yes };
}

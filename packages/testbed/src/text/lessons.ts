import type { Rng } from '@expctr/core';
import { evidenceOf, renderExplanationPrompt, renderLcPrompt, type HistoryText, type ItemText, type Prompt } from '@expctr/data';
import type { WorldUser } from '../world/user.js';
import { valueNames } from '../world/vocabulary.js';
import type { World } from '../world/world.js';
import { testbedExplanationTemplate, testbedLcTemplate } from './templates.js';
import { BOS, EOS, wordId, wordIds } from './tokenizer.js';
import { sayClaims, sayNotes } from './wording.js';
import { careful, someWriter, type CodedClaim, type Subject, type WriterShares } from './writers.js';

/** What a token teaches. */
export const KINDS = ['prompt', 'notes', 'text', 'reader', 'history'] as const;
/** What a token teaches. */
export type Kind = (typeof KINDS)[number];

/** A sequence to learn from. */
export interface Lesson {
  readonly tokens: readonly number[];
  /** For each token what predicting it teaches; `prompt` = nothing. */
  readonly kinds: readonly Kind[];
  /** Probability of the answer `yes`, where the last token is one: what is learned is the distribution, not the drawn label. */
  readonly yes: number | null;
}

/** A user's interaction, ready to be written about. */
export interface Situation extends Subject {
  readonly target: ItemText;
  readonly history: HistoryText;
  readonly label: 0 | 1;
  readonly bayesProbability: number;
  /** All tastes of the user, of this item or not. */
  readonly tastes: readonly CodedClaim[];
}

/** The interaction at `place` of a user, with all earlier ones as its history. */
export function situationOf(world: World, { rows, tastes }: WorldUser, place: number): Situation {
  const row = rows[place]!;
  const text = (at: number): ItemText => itemTextOf(world, at);
  const earlier = rows.slice(0, place);
  return {
    values: world.items[row.item]!.values,
    contributions: row.contributions,
    target: text(row.item),
    history: {
      liked: earlier.filter(({ label }) => label === 1).map(({ item }) => text(item)),
      disliked: earlier.filter(({ label }) => label === 0).map(({ item }) => text(item)),
    },
    label: row.label,
    bayesProbability: row.bayesProbability,
    tastes: [...tastes[0]!].flatMap((weight, value): CodedClaim[] => (weight === 0 ? [] : [[value, weight > 0 ? 1 : -1]])),
  };
}

const texts = new WeakMap<World, ItemText[]>();

function itemTextOf(world: World, at: number): ItemText {
  let known = texts.get(world);
  if (known === undefined) {
    const names = valueNames(world.domain);
    known = world.items.map(({ title, values }) => ({
      title,
      attributes: Object.fromEntries(world.domain.fields.map(({ name }, field) => [name, [names[values[field]!]!]])),
    }));
    texts.set(world, known);
  }
  return known[at]!;
}

/** Token ids of the explanation prompt. */
export function explanationPrompt({ target, history }: Situation): number[] {
  return [BOS, ...wordIds(textOf(renderExplanationPrompt(testbedExplanationTemplate, { target, ...history }).prompt))];
}

/** The notes on this situation, as text. */
export function notesOn({ target, history }: Situation): string {
  return sayNotes(evidenceOf(history, target, testbedExplanationTemplate.evidence!.limit));
}

/** A prompt, notes and an explanation by one of the writers. */
export function explanationLesson(situation: Situation, shares: WriterShares, rng: Rng): Lesson {
  const prompt = explanationPrompt(situation);
  const notes = wordIds(notesOn(situation));
  const text = [...wordIds(sayClaims(someWriter(shares, rng)(situation, rng), rng)), EOS];
  return {
    tokens: [...prompt, ...notes, ...text],
    kinds: [...prompt.map(() => 'prompt' as const), ...notes.map(() => 'notes' as const), ...text.map(() => 'text' as const)],
    yes: null,
  };
}

/** Token ids of the reader's prompt about an explanation. */
export function readerPrompt({ target }: Pick<Situation, 'target'>, explanation: string): number[] {
  return [BOS, ...wordIds(textOf(renderLcPrompt(testbedLcTemplate, 'question', { item: target, explanation }).prompt))];
}

/** Token ids of the question that shows the history and no explanation. */
export function historyPrompt({ target, history }: Situation): number[] {
  const template = { ...testbedLcTemplate, withHistory: true };
  return [BOS, ...wordIds(textOf(renderLcPrompt(template, 'question', { item: target, explanation: '', history }).prompt))];
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
  if (draw < 0.35) return careful(situation, rng);
  if (draw < 0.5) return rng.shuffle(careful(situation, rng)).filter(() => rng.next() < 0.7);
  if (draw < 0.7) return someWriter(shares, rng)(situation, rng);
  const tastes = rng.shuffle([...situation.tastes]);
  if (draw < 0.85) return tastes.slice(0, 1 + rng.int(3));
  const absent = tastes.filter(([value]) => !situation.values.includes(value)).slice(0, 1 + rng.int(2));
  return rng.shuffle([...careful(situation, rng).slice(0, 2), ...absent]);
}

function answered(prompt: number[], kind: 'reader' | 'history', { bayesProbability }: Situation, rng: Rng): Lesson {
  const answer = wordId(rng.next() < bayesProbability ? 'yes' : 'no');
  return { tokens: [...prompt, answer], kinds: [...prompt.map(() => 'prompt' as const), kind], yes: bayesProbability };
}

function textOf(prompt: Prompt): string {
  return prompt.form === 'completion' ? prompt.text : '';
}

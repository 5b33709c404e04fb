import type { Rng } from '@expctr/core';
import { DataOptionError } from '../errors.js';
import type { DataWarning } from '../prepare/warnings.js';
import type { RawTables } from '../sources/raw-tables.js';
import { NEUTRAL, neutralExamples } from './domains/neutral.js';
import type { WordOptions } from './options.js';
import { ownExamples, type ExampleRows } from './own-examples.js';
import type { Domain, Examples, Words } from './words.js';

/** Where rows say only that something was done or not. */
const NEUTRAL_ACT = { ...NEUTRAL, ...actVerbs('choose', 'chose') };

/** The words of a dataset, and what is to be said of them. */
export interface ChosenWords {
  /** The words. */
  readonly words: Words;
  /** For the card. */
  readonly notes: readonly string[];
  readonly warnings: readonly DataWarning[];
}

/**
 * The words of a dataset: its own, what options say otherwise, and worked examples.
 * @throws DataOptionError `DATA_OPTION` where a verb has no past or a past no verb
 */
export function chooseWords(
  { domain, ratings }: Pick<RawTables, 'domain' | 'ratings'>,
  options: WordOptions,
  rows: ExampleRows,
  rng: Rng,
): ChosenWords {
  const isAct = (ratings.kind ?? 'rating') !== 'rating';
  const { name = 'items', examples: builtIn, ...own }: Partial<Domain> = domain ?? {};
  const verbs = {
    ...(isAct && domain === undefined ? NEUTRAL_ACT : NEUTRAL),
    ...own,
    ...givenNoun(options),
    ...givenVerbs(options, isAct),
  };
  const changed = options.noun !== null || options.verb !== null;
  const spoken = { ...verbs, units: { ...own.units, ...options.units } };
  const found = chooseExamples(spoken, options, changed ? undefined : builtIn, rows, rng);
  return {
    words: { schema: 'words/1', domain: changed ? 'own' : name, ...spoken, ...found.examples },
    notes: found.lacking === null ? [] : [`Prompts have worked examples about nothing in particular: ${found.lacking}.`],
    warnings:
      found.lacking === null || options.examples !== 'own'
        ? []
        : [{ code: 'DATA_NO_EXAMPLES', message: `worked examples of prompts are neutral ones, not own rows: ${found.lacking}` }],
  };
}

type Spoken = Omit<Words, 'schema' | 'domain' | 'examples' | 'examplesFrom'>;

function chooseExamples(
  words: Spoken,
  { examples: wanted }: WordOptions,
  builtIn: Examples | undefined,
  rows: ExampleRows,
  rng: Rng,
): { examples: Pick<Words, 'examples' | 'examplesFrom'>; lacking: string | null } {
  if (wanted !== 'own' && builtIn !== undefined) return { examples: { examplesFrom: 'domain', examples: builtIn }, lacking: null };
  const neutral = { examplesFrom: 'neutral', examples: neutralExamples(words) } as const;
  if (wanted === 'built-in') return { examples: neutral, lacking: null };
  const own = ownExamples(rows, words, rng);
  if (own !== null) return { examples: { examplesFrom: 'own', examples: own }, lacking: null };
  return { examples: neutral, lacking: 'no train rows were found that show how a history speaks for an item and against one' };
}

function givenNoun({ noun, plural }: WordOptions): Partial<Pick<Words, 'noun' | 'plural'>> {
  return { ...(noun === null ? {} : { noun, plural: pluralOf(noun) }), ...(plural === null ? {} : { plural }) };
}

/** `lamps`, `watches`, `batteries`. */
export function pluralOf(noun: string): string {
  if (/[^aeiou]y$/iu.test(noun)) return `${noun.slice(0, -1)}ies`;
  return /(?:s|x|z|ch|sh)$/iu.test(noun) ? `${noun}es` : `${noun}s`;
}

function givenVerbs({ verb, past }: WordOptions, isAct: boolean): Partial<Words> {
  if (verb === null && past === null) return {};
  if (verb === null || past === null) {
    throw new DataOptionError('DATA_OPTION', verb === null ? 'it is the past of no verb' : 'the verb has no past', {
      where: verb === null ? 'data.words.past' : 'data.words.verb',
      expected: 'both of data.words.verb and data.words.past, such as buy and bought',
      remedy: verb === null ? 'set data.words.verb, too, or leave it out' : 'set data.words.past, too',
    });
  }
  return isAct ? actVerbs(verb, past) : { choose: verb };
}

function actVerbs(verb: string, past: string): Pick<Words, 'choose' | 'like' | 'dislike' | 'liked' | 'disliked'> {
  return { choose: verb, like: verb, dislike: `not ${verb}`, liked: past, disliked: `did not ${verb}` };
}

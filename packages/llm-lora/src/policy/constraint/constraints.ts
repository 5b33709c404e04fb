import type { Constraint, SamplingOptions, TokenConstraint, Tokenizer } from '@expctr/language-model';
import { isTexts, textBytes } from '../byte-text.js';
import { PolicyError } from '../errors.js';
import { jsonSchemaMachine } from './json-schema.js';
import { END, oneOf, type Place } from './place.js';
import { SortedTokens } from './sorted-tokens.js';
import { TextConstraint } from './text-constraint.js';

/** Constraints that are kept with what was found of them. */
const KEPT = 8;

/** Makes the rules of constraints, and keeps the last ones: what may come where is found once. */
export class Constraints {
  readonly #tokenizer: () => Tokenizer;
  readonly #vocabularySize: number;
  readonly #tokens = new Map<string, SortedTokens>();
  readonly #known = new Map<string, TextConstraint>();

  /** @param tokenizer @throws where there is none */
  constructor(tokenizer: () => Tokenizer, vocabularySize: number) {
    this.#tokenizer = tokenizer;
    this.#vocabularySize = vocabularySize;
  }

  /** @throws {@link PolicyError} `POLICY_CONSTRAINT` for one that cannot be kept */
  of(constraint: Constraint, { stopTokenIds, maxNewTokens }: SamplingOptions): TokenConstraint {
    if ('next' in constraint) return constraint;
    const key = JSON.stringify([constraint, stopTokenIds]);
    const rule = this.#known.get(key) ?? new TextConstraint(this.#startOf(constraint), this.#tokensWithout(stopTokenIds));
    remember(this.#known, key, rule, KEPT);
    if (rule.fewest <= maxNewTokens) return rule;
    const what =
      rule.fewest === Infinity ? 'the vocabulary has no tokens for its shortest text' : `its shortest text has ${rule.fewest} tokens`;
    throw new PolicyError('POLICY_CONSTRAINT', what, {
      where: 'generate, constraint',
      expected: `a text of at most ${maxNewTokens} tokens (maxNewTokens)`,
      remedy: rule.fewest === Infinity ? 'use texts that the tokenizer can write' : 'raise maxNewTokens',
      wrongUse: true,
    });
  }

  /** Tokens have what stands between words in front of the first word, too. */
  #startOf(constraint: Exclude<Constraint, TokenConstraint>): Place {
    return oneOf([textBytes(this.#tokenizer().wordSeparator ?? '')], placeOf(constraint));
  }

  /** A text may hold any token but those that end it. */
  #tokensWithout(stopTokenIds: readonly number[]): SortedTokens {
    const key = JSON.stringify(stopTokenIds);
    const tokens = this.#tokens.get(key) ?? new SortedTokens(this.#tokenizer(), this.#vocabularySize, stopTokenIds);
    remember(this.#tokens, key, tokens, 1);
    return tokens;
  }
}

/** Puts an entry last, and forgets the first ones of those that are too many. */
function remember<V>(map: Map<string, V>, key: string, value: V, most: number): void {
  map.delete(key);
  map.set(key, value);
  for (const [first] of map) {
    if (map.size <= most) return;
    map.delete(first);
  }
}

function placeOf(constraint: Exclude<Constraint, TokenConstraint>): Place {
  if ('jsonSchema' in constraint) return jsonSchemaMachine(constraint.jsonSchema)(END);
  return oneOf([...new Set(constraint.choices)].map(textBytes), END);
}

/** @throws {@link PolicyError} `POLICY_OPTION` for what is no constraint at all */
export function checkConstraint(constraint: Constraint, stopStrings: readonly string[]): void {
  const forms = ['choices', 'jsonSchema', 'next'].filter((name) => typeof constraint === 'object' && name in constraint);
  const wrong = (what: string, expected: string): PolicyError => new PolicyError('POLICY_OPTION', what, { where: 'generate', expected });
  if (forms.length !== 1)
    throw wrong(`constraint has ${forms.join(' and ') || 'none of its forms'}`, 'either choices, or jsonSchema, or next and after');
  if ('next' in constraint) return;
  if (stopStrings.length > 0)
    throw wrong('there are stopStrings and a constraint', 'one of the two: a text that is cut is not what was asked for');
  if (!('choices' in constraint)) return;
  const { choices } = constraint;
  if (!isTexts(choices) || choices.length === 0)
    throw wrong('choices are not texts', 'one or more texts, none of them empty or with half a character');
}

import type { TokenIds } from '@expctr/language-model';
import type { DecoderConfig } from '../model/config.js';
import { PolicyError } from './errors.js';

/** A text that equals another exactly where their keys are equal. */
export function keyOf(tokens: TokenIds): string {
  return Array.prototype.join.call(tokens, ' ');
}

/** @throws {@link PolicyError} when a text is empty, is longer than the context, or holds an id outside of the vocabulary */
export function checkTexts(texts: readonly TokenIds[], what: string, config: DecoderConfig, further = 0): void {
  texts.forEach((tokens, row) => {
    const where = `${what} ${row}`;
    if (tokens.length === 0) {
      throw new PolicyError('POLICY_EMPTY_ROW', 'it has no tokens', { where, expected: 'at least one token', remedy: 'leave the row out' });
    }
    if (tokens.length + further > config.maxPositions) {
      throw new PolicyError('POLICY_TOO_LONG', `it has ${tokens.length} tokens${further > 0 ? `, with up to ${further} to follow` : ''}`, {
        where,
        expected: `at most ${config.maxPositions}, the model's context`,
        remedy: 'shorten the prompt (drop the oldest history entries) or ask for fewer new tokens',
      });
    }
    for (let at = 0; at < tokens.length; at += 1) {
      const id = tokens[at]!;
      if (Number.isInteger(id) && id >= 0 && id < config.vocabularySize) continue;
      throw new PolicyError('POLICY_TOKEN_RANGE', `the token at ${at} is ${id}`, {
        where,
        expected: `an integer from 0 to ${config.vocabularySize - 1}`,
        remedy: 'use the tokenizer that belongs to this model',
      });
    }
  });
}

/** How many tokens all texts have in common at their beginning. */
export function commonPrefixLength(texts: readonly TokenIds[]): number {
  const [first, ...others] = texts;
  if (first === undefined) return 0;
  let length = first.length;
  for (const other of others) {
    let same = 0;
    while (same < length && same < other.length && first[same] === other[same]) same += 1;
    length = same;
  }
  return length;
}

import { z } from 'zod';
import { WORD_SLOTS } from '../words/word-slots.js';
import { fill } from './slots.js';

const WORDS = Object.fromEntries(WORD_SLOTS.map((slot) => [slot, 'word']));

/** Regular expressions as strings, matched with the flags `iu`; slots for words in them are filled before. */
export const patternListSchema = z.array(
  z.string().superRefine((pattern, context) => {
    try {
      new RegExp(fill(pattern, WORDS), 'iu');
    } catch (cause) {
      context.addIssue({ code: 'custom', message: cause instanceof Error ? cause.message : 'this is no regular expression' });
    }
  }),
);

const compiled = new WeakMap<readonly string[], readonly RegExp[]>();

/** Compiles a template's patterns, once for each list. */
export function compilePatterns(patterns: readonly string[]): readonly RegExp[] {
  let expressions = compiled.get(patterns);
  if (expressions === undefined) {
    expressions = patterns.map((pattern) => new RegExp(pattern, 'iu'));
    compiled.set(patterns, expressions);
  }
  return expressions;
}

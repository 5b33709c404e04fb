import { z } from 'zod';

/** Regular expressions as strings, matched with the flags `iu`. */
export const patternListSchema = z.array(
  z.string().superRefine((pattern, context) => {
    try {
      new RegExp(pattern, 'iu');
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

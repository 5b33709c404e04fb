import { endedWithin, NOT_ENDED } from '@expctr/core/platform';
import { FormatError } from '../errors.js';
import type { Pattern } from './python-pattern.js';

/** A pattern from a file that takes longer than this on the names of a model's modules was written to. */
const LONGEST_MS = 500;

/** What a pattern makes of a name: null where it does not match, else what its group `idx` holds, or an empty text. */
export type Match = string | null;

/**
 * Matches patterns, which may come from anybody, against names; one that would take for ever (`(a+)+b`) is stopped.
 * @returns for each pattern what it makes of each name
 * @throws FormatError `ADAPTER_PATTERN`
 */
export function matchNames(patterns: readonly Pattern[], names: readonly string[], where: string): Match[][] {
  if (patterns.length === 0 || names.length === 0) return patterns.map(() => []);
  try {
    return endedWithin(LONGEST_MS, () => patterns.map(({ source, flags }) => matches(new RegExp(source, flags), names)));
  } catch (cause) {
    const late = (cause as { readonly code?: unknown }).code === NOT_ENDED;
    const what = late ? 'were not matched within half a second' : `cannot be matched: ${(cause as Error).message}`;
    throw new FormatError('ADAPTER_PATTERN', `its patterns ${what}`, {
      where,
      expected: `regular expressions that ${names.length} names can be held against`,
      remedy: `write them without nested repetition, or list the modules: ${patterns.map(({ source }) => source).join(', ')}`,
      cause,
    });
  }
}

function matches(pattern: RegExp, names: readonly string[]): Match[] {
  return names.map((name) => {
    const match = pattern.exec(name);
    return match === null ? null : (match.groups?.['idx'] ?? '');
  });
}

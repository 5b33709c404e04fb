import type { Conflict } from './algorithm.js';
import { mean } from './ragged.js';

/** The rows of each prompt, in order: what is compared with each other. */
export function groupsOf(rollouts: readonly { readonly promptIndex: number }[]): number[][] {
  const groups = new Map<number, number[]>();
  rollouts.forEach(({ promptIndex }, row) => {
    const group = groups.get(promptIndex);
    if (group === undefined) groups.set(promptIndex, [row]);
    else group.push(row);
  });
  return [...groups.values()];
}

/** Standard deviation of a sample (divided by n - 1, as trl's); 0 for fewer than two values. */
export function deviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const center = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1));
}

/** A deviation below this is rounding: the scores are equal, and say nothing. */
const EQUAL = 1e-8;

/** Do values differ by no more than rounding? A lone one is equal to itself. */
export function areEqual(values: readonly number[]): boolean {
  return deviation(values) <= EQUAL;
}

/** The conflict of an option that compares the completions of a prompt where there is one of each. @param what the option */
export function tooFewToCompare(completionsPerPrompt: number, what: string): Conflict | undefined {
  if (completionsPerPrompt >= 2) return undefined;
  return {
    where: 'completionsPerPrompt',
    value: completionsPerPrompt,
    expected: `at least 2, for ${what} compares the completions of a prompt`,
    remedy: 'sample more completions of fewer prompts',
  };
}

/** The same number for every response token of a row. @param perRow one for each rollout */
export function onEveryToken(perRow: readonly number[], rollouts: readonly { readonly tokens: Int32Array }[]): Float32Array[] {
  return rollouts.map(({ tokens }, row) => new Float32Array(tokens.length).fill(perRow[row]!));
}

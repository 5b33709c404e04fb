import { atMost, checkOptions, type OptionKeys } from '@expctr/core';
import { z } from 'zod';
import { RewardError } from './errors.js';
import type { Reward } from './reward.js';
import { isEmptyExplanation, type RewardRows, type RewardValues } from './reward-rows.js';
import { ngrams, wordsOf } from './words.js';

/** Options of {@link repetitionReward}. */
export interface RepetitionRewardOptions {
  /** Words of a run that counts as repeated when it comes again (characters where a script sets no spaces); >= 1. Default 3. */
  readonly words?: number;
  /** Share of the penalty that is for likeness to the other completions of the prompt, in [0, 1]. Default 0: none. */
  readonly among?: number;
}

const REPETITION_REWARD_OPTIONS: OptionKeys<RepetitionRewardOptions> = { words: true, among: true };

/**
 * A penalty for saying the same again, in [-1, 0]: -((1 - among) x within + among x others).
 *
 * - *within*: the share of runs of `words` words that stood in the text before (1 - different / all); 0 for a text of fewer words;
 * - *others*: mean overlap (Jaccard) of its set of runs with that of each other completion of its prompt, a short text counting as one
 *   run: policy optimization compares completions of a prompt, and has nothing to compare where they are all alike. 0 without others.
 *
 * An explanation of which nothing is left to read gets -1. Figures for the log: `within` and, with `among`, `others`, their means.
 *
 * @throws {RewardError} `REWARD_OPTION` for options out of their ranges
 */
export function repetitionReward(parameters: RepetitionRewardOptions = {}): (rows: RewardRows) => Promise<RewardValues> {
  checkOptions('repetitionReward', parameters, REPETITION_REWARD_OPTIONS);
  const { words: size = 3, among = 0 } = parameters;
  if (!(Number.isInteger(size) && size >= 1 && among >= 0 && among <= 1)) {
    throw new RewardError('REWARD_OPTION', `repetitionReward: words ${size}, among ${among}`, {
      expected: 'words a whole number >= 1, among in [0, 1]',
    });
  }
  return (rows) => {
    const runs = rows.read.map((text) => runsOf(text, size));
    const filled = runs.flatMap((_, row) => (isEmptyExplanation(rows, row) ? [] : [row]));
    const within = runs.map(({ all, different }) => (all === 0 ? 0 : 1 - different.size / all));
    const others = among === 0 ? null : likeness(rows, runs, filled);
    const values = runs.map((_, row) => -((1 - among) * within[row]! + among * (others?.[row] ?? 0)) + 0); // never -0
    for (let row = 0; row < rows.length; row += 1) if (isEmptyExplanation(rows, row)) values[row] = -1;
    const mean = (column: ArrayLike<number>): number => filled.reduce((sum, row) => sum + column[row]!, 0) / filled.length;
    return Promise.resolve({ values, figures: { within: mean(within), ...(others === null ? {} : { others: mean(others) }) } });
  };
}

interface Runs {
  /** Number of runs. */
  readonly all: number;
  /** Those that differ; of a text that is shorter than one, itself. */
  readonly different: ReadonlySet<string>;
}

function runsOf(text: string, size: number): Runs {
  const words = wordsOf(text);
  const runs = ngrams(words, size);
  return { all: runs.length, different: new Set(runs.length === 0 ? [words.join(' ')] : runs) };
}

function likeness({ prompt, length }: RewardRows, runs: readonly Runs[], filled: readonly number[]): Float64Array {
  const groups = new Map<number, number[]>();
  for (const row of filled) groups.set(prompt[row]!, [...(groups.get(prompt[row]!) ?? []), row]);
  const found = new Float64Array(length);
  for (const group of groups.values()) {
    for (const row of group) {
      const overlaps = group.filter((other) => other !== row).map((other) => jaccard(runs[row]!.different, runs[other]!.different));
      if (overlaps.length > 0) found[row] = overlaps.reduce((sum, overlap) => sum + overlap, 0) / overlaps.length;
    }
  }
  return found;
}

function jaccard(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const both = [...a].filter((run) => b.has(run)).length;
  return both / (a.size + b.size - both);
}

const options = z.object({
  words: z
    .int()
    .min(1)
    .max(100, atMost(100, 'no explanation repeats longer runs without repeating these'))
    .default(3)
    .describe('words of a run that counts as repeated when it comes again (characters where a script sets no spaces)'),
  among: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('share of the penalty that is for likeness to the other completions of the prompt; 0 = none'),
});

/** The repetition penalty as a part of a run. */
export const repetitionPart: Reward<z.output<typeof options>> = {
  name: 'repetition',
  description: 'penalty for saying the same again, within an explanation and, by option, among the completions of a prompt',
  options,
  create: (_context, chosen) => repetitionReward(chosen),
};

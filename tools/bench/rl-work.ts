// The updates that tools/bench/rl.ts measures; both sides read these numbers. Token ids are random: the time does not depend on them.

/** One update of policy optimization with a KL penalty to the base model, one epoch of one minibatch. */
export interface UpdateWork {
  readonly title: string;
  readonly prompts: number;
  /** Completions of each prompt. */
  readonly completions: number;
  /** Tokens of a prompt, and of a completion. */
  readonly prompt: number;
  readonly response: number;
  /** Rank of the adapter, on the query and value projections. */
  readonly rank: number;
}

/** What each side prints, as JSON in its last line. */
export interface UpdateFigure {
  /** Median seconds of an update. */
  readonly seconds: number;
  /** Median seconds of its parts. */
  readonly phases: Readonly<Record<string, number>>;
  /** Largest resident set. */
  readonly gigabytes: number;
}

const shape = { prompt: 155, response: 48, rank: 16 };

/** The work by name. */
export const WORK = {
  '4x4': { title: '4 prompts x 4 completions, 155 + 48 tokens', prompts: 4, completions: 4, ...shape },
  '16x8': { title: '16 prompts x 8 completions, 155 + 48 tokens', prompts: 16, completions: 8, ...shape },
} satisfies Record<string, UpdateWork>;

/** Whether there is work of that name. */
export function isWork(name: string): name is keyof typeof WORK {
  return name in WORK;
}

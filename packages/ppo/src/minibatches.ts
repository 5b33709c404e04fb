import type { Rng } from '@expctr/core';

/** One optimizer step. */
export interface Minibatch {
  /** Row numbers, one array per micro-batch (per call of the compiled step), shortest rows first. */
  readonly microBatches: readonly (readonly number[])[];
  /** Response tokens of the whole minibatch: what its loss is divided by. */
  readonly tokens: number;
}

/** What {@link planMinibatches} needs to know of a row. */
export interface RowShape {
  /** Rows of equal number have the same prompt. */
  readonly promptIndex: number;
  /** Tokens of the prompt. */
  readonly promptLength: number;
  /** Tokens of the response. */
  readonly responseLength: number;
}

/** Arguments of {@link planMinibatches}. */
export interface MinibatchOptions {
  /** Row numbers are indices into these. */
  readonly rows: readonly RowShape[];
  /** How many optimizer steps a pass over the rows takes; sizes differ by one row at most. */
  readonly minibatches: number;
  /** Rows in one micro-batch. */
  readonly microBatchSize: number;
  /** Deals the rows out. */
  readonly rng: Rng;
}

/**
 * Deals shuffled rows into minibatches and cuts each into micro-batches, sorted by the length of the prompt and then of
 * the response: little of a padded call is padding, and the completions of a prompt stand together, so that a policy
 * can share the prompt's computation. Since a loss is a sum divided by `tokens`, the cut changes no gradient.
 */
export function planMinibatches({ rows, minibatches, microBatchSize, rng }: MinibatchOptions): Minibatch[] {
  const shuffled = rng.shuffle(rows.map((_, row) => row));
  const count = Math.min(minibatches, rows.length);
  const bound = (part: number): number => Math.floor((part * rows.length) / count);
  return Array.from({ length: count }, (_, part) => {
    const dealt = shuffled.slice(bound(part), bound(part + 1)).sort((a, b) => byLength(rows[a]!, rows[b]!) || a - b);
    return { microBatches: chunks(dealt, microBatchSize), tokens: dealt.reduce((sum, row) => sum + rows[row]!.responseLength, 0) };
  });
}

function byLength(a: RowShape, b: RowShape): number {
  return a.promptLength - b.promptLength || a.promptIndex - b.promptIndex || a.responseLength - b.responseLength;
}

function chunks(rows: readonly number[], size: number): number[][] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => rows.slice(i * size, (i + 1) * size));
}

import type { Rng } from '@expctr/core';

/** One optimizer step. */
export interface Minibatch {
  /** Row numbers, one array per micro-batch (per call of the compiled step), shortest rows first. */
  readonly microBatches: readonly (readonly number[])[];
  /** Response tokens of the whole minibatch: what its loss is divided by. */
  readonly tokens: number;
}

/** Arguments of {@link planMinibatches}. */
export interface MinibatchOptions {
  /** For each row the token count of its prompt and of its response. */
  readonly lengths: readonly { readonly prompt: number; readonly response: number }[];
  /** How many optimizer steps a pass over the rows takes; sizes differ by one row at most. */
  readonly minibatches: number;
  /** Rows in one call of the compiled step. */
  readonly microBatchSize: number;
  /** Deals the rows out. */
  readonly rng: Rng;
}

/**
 * Deals shuffled rows into minibatches and cuts each into micro-batches of rows of similar length, so that little of a
 * padded call is padding. Since a loss is a sum divided by `tokens`, the cut changes no gradient.
 */
export function planMinibatches({ lengths, minibatches, microBatchSize, rng }: MinibatchOptions): Minibatch[] {
  const rows = rng.shuffle(lengths.map((_, row) => row));
  const count = Math.min(minibatches, rows.length);
  const total = (row: number): number => lengths[row]!.prompt + lengths[row]!.response;
  return Array.from({ length: count }, (_, part) => {
    const dealt = rows.slice(Math.floor((part * rows.length) / count), Math.floor(((part + 1) * rows.length) / count));
    dealt.sort((a, b) => total(a) - total(b) || lengths[a]!.response - lengths[b]!.response || a - b);
    return { microBatches: chunks(dealt, microBatchSize), tokens: dealt.reduce((sum, row) => sum + lengths[row]!.response, 0) };
  });
}

function chunks(rows: readonly number[], size: number): number[][] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => rows.slice(i * size, (i + 1) * size));
}

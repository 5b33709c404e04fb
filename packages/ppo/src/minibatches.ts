import type { Rng } from '@expctr/core';
import type { RowPair } from '@expctr/language-model/training';

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
  /** Rows that must not be parted. Default none. */
  readonly pairs?: readonly RowPair[];
  /** How many optimizer steps a pass over the rows takes; sizes differ by one row (or set of paired rows) at most. */
  readonly minibatches: number;
  /** Rows in one micro-batch; more only where paired rows are more. */
  readonly microBatchSize: number;
  /** Deals the rows out. */
  readonly rng: Rng;
}

/**
 * Deals shuffled rows into minibatches and cuts each into micro-batches, sorted by the length of the prompt and then of
 * the response: little of a padded call is padding, and the completions of a prompt stand together, so that a policy
 * can share the prompt's computation. Since a loss is a sum divided by `tokens`, the cut changes no gradient.
 */
export function planMinibatches({ rows, pairs = [], minibatches, microBatchSize, rng }: MinibatchOptions): Minibatch[] {
  const byLength = (a: number, b: number): number => compareLengths(rows[a]!, rows[b]!) || a - b;
  const sets = rng.shuffle(setsOf(rows.length, pairs).map((set) => set.sort(byLength)));
  const count = Math.min(minibatches, sets.length);
  const bound = (part: number): number => Math.floor((part * sets.length) / count);
  return Array.from({ length: count }, (_, part) => {
    const dealt = sets.slice(bound(part), bound(part + 1)).sort((a, b) => byLength(a[0]!, b[0]!));
    return { microBatches: pack(dealt, microBatchSize), tokens: dealt.flat().reduce((sum, row) => sum + rows[row]!.responseLength, 0) };
  });
}

function compareLengths(a: RowShape, b: RowShape): number {
  return a.promptLength - b.promptLength || a.promptIndex - b.promptIndex || a.responseLength - b.responseLength;
}

/** Rows that pairs connect, directly or through others, as one set; every other row as a set of its own. */
function setsOf(count: number, pairs: readonly RowPair[]): number[][] {
  const setOf = Array.from({ length: count }, (_, row) => [row]);
  for (const [chosen, rejected] of pairs) {
    const [kept, joined] = [setOf[chosen]!, setOf[rejected]!];
    if (kept === joined) continue;
    kept.push(...joined);
    for (const row of joined) setOf[row] = kept;
  }
  return [...new Set(setOf)];
}

function pack(sets: readonly (readonly number[])[], size: number): number[][] {
  const packed: number[][] = [];
  for (const set of sets) {
    const last = packed.at(-1);
    if (last !== undefined && last.length + set.length <= size) last.push(...set);
    else packed.push([...set]);
  }
  return packed;
}

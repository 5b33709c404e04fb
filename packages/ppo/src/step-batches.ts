import type { RowPair, TokenBatch } from '@expctr/language-model/training';
import type { RolloutBatch, Selection, StepInputs } from './algorithm.js';
import { PpoError } from './errors.js';
import type { Minibatch } from './minibatches.js';
import { countTokens, requireSameShape } from './ragged.js';
import { batchOf, type Rollout } from './rollout.js';

/**
 * The selected rows, and the pairs as indices into them.
 * @throws PpoError PPO_ALGORITHM for a row that is not there, or a pair of a row that was not selected
 */
export function selectedOf({ rows, pairs = [] }: Selection, count: number): { rows: readonly number[]; pairs: readonly RowPair[] } {
  const selected = rows ?? Array.from({ length: count }, (_, row) => row);
  const indexed = pairs.map(([chosen, rejected]): RowPair => [selected.indexOf(chosen), selected.indexOf(rejected)]);
  if (selected.every((row) => row >= 0 && row < count) && !indexed.flat().includes(-1)) return { rows: selected, pairs: indexed };
  throw new PpoError('PPO_ALGORITHM', 'a row or a pair does not exist', {
    where: 'select',
    expected: `rows in 0..${count - 1}, and pairs of selected rows`,
  });
}

/** Some rows of a batch. */
export function selectedBatch({ rollouts, scores, penalties, components }: RolloutBatch, rows: readonly number[]): RolloutBatch {
  const of = <T>(all: readonly T[]): T[] => rows.map((row) => all[row]!);
  return {
    rollouts: of(rollouts),
    scores: of(scores),
    ...(penalties === undefined ? {} : { penalties: of(penalties) }),
    ...(components === undefined ? {} : { components: components.map((each) => ({ ...each, values: of(each.values) })) }),
  };
}

/** @throws PpoError PPO_RAGGED unless every column of an algorithm is shaped as the responses. */
export function requireColumns({ columns }: StepInputs, rollouts: readonly Rollout[]): void {
  const responses = rollouts.map(({ tokens }) => tokens);
  for (const [name, column] of Object.entries(columns)) requireSameShape(name, column, responses);
}

/** What {@link batchesOf} takes the rows of a minibatch from. */
export interface StepRows {
  readonly rollouts: readonly Rollout[];
  readonly pairs: readonly RowPair[];
  /** Of the algorithm. */
  readonly inputs: StepInputs;
  /** Divides the logits. */
  readonly temperature: number;
}

/** A minibatch as the step takes it, with what its losses are divided by. */
export function batchesOf({ microBatches, tokens }: Minibatch, { rollouts, pairs, inputs, temperature }: StepRows): TokenBatch[] {
  const paired = microBatches.map((rows) => pairs.filter(([chosen]) => rows.includes(chosen)));
  const sequences = countTokens(microBatches);
  const scalars = { ...inputs.scalars, tokens, sequences, ...(pairs.length === 0 ? {} : { pairs: countTokens(paired) }) };
  return microBatches.map((rows, i) => ({
    ...batchOf(rollouts, rows, temperature),
    columns: Object.fromEntries(Object.entries(inputs.columns).map(([name, values]) => [name, rows.map((row) => values[row]!)])),
    scalars,
    ...(pairs.length === 0 ? {} : { pairs: paired[i]!.map(([a, b]): RowPair => [rows.indexOf(a), rows.indexOf(b)]) }),
  }));
}

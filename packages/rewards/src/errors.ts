import { ExpctrError } from '@expctr/core';

/**
 * Thrown by the functions of this package. Codes: `REWARD_LENGTH_MISMATCH`, `REWARD_NOT_A_PROBABILITY`, `REWARD_OPTION`,
 * `REWARD_COLUMN_MISSING`, `REWARD_NOT_FINITE`, `REWARD_ANSWER`, `REWARD_FAILED`, `REWARD_TIMEOUT`, `REWARD_ALL_NULL`, `REWARD_UNKNOWN`,
 * `REWARD_NEEDS_CLICK_MODEL`, `REWARD_HTTP_UNREACHABLE`, `REWARD_HTTP_STATUS`, `REWARD_HTTP_ANSWER`,
 * `READER_NO_ANSWER`, `READER_NO_FORM`, `READER_CANNOT_READ`.
 */
export class RewardError extends ExpctrError {}

/** Refuses columns whose lengths differ, by name. */
export function requireLength(name: string, column: { readonly length: number }, expected: number): void {
  if (column.length === expected) return;
  throw new RewardError('REWARD_LENGTH_MISMATCH', `${name} has ${column.length} values`, {
    expected: `${expected}, one for each row`,
    remedy: `let ${name} return one value for each row, in the order of the rows`,
  });
}

/** Refuses a number that is not a probability, by name and row. */
export function requireProbability(name: string, value: number | undefined, row: number): number {
  if (value !== undefined && value >= 0 && value <= 1) return value;
  throw new RewardError('REWARD_NOT_A_PROBABILITY', `${name} is ${String(value)}`, {
    where: `row ${row}`,
    expected: 'a number in [0, 1]',
    remedy: 'look for a NaN in the model, or for logits given where probabilities are expected',
  });
}

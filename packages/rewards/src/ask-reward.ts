import { ExpctrError } from '@expctr/core';
import { RewardError, requireLength } from './errors.js';
import type { RewardFunction, RewardRows } from './reward-rows.js';

/** What one reward said of a batch, checked. */
export interface Answer {
  readonly values: readonly (number | null)[];
  /** Those that are finite. */
  readonly figures: Readonly<Record<string, number>>;
}

/**
 * Asks one reward, and takes nothing from it but one finite number or null for each row.
 *
 * @param timeoutSeconds null = as long as it takes
 * @throws {RewardError} naming the reward: `REWARD_FAILED` where it throws, `REWARD_TIMEOUT`, `REWARD_ANSWER` for what are no values,
 *   `REWARD_LENGTH_MISMATCH`, `REWARD_NOT_FINITE`; its own `RewardError`s with its name added
 */
export async function askReward(
  name: string,
  reward: RewardFunction,
  rows: RewardRows,
  timeoutSeconds: number | null = null,
): Promise<Answer> {
  let given: unknown;
  try {
    given = await within(timeoutSeconds, name, async () => reward(rows));
  } catch (error) {
    throw named(name, error);
  }
  const { values, figures } = partsOf(name, given);
  requireLength(`reward '${name}'`, values, rows.length);
  return {
    values: Array.from(values, (value, row) => checkedValue(name, value, row)),
    figures: Object.fromEntries(Object.entries(figures).filter(([, figure]) => Number.isFinite(figure))),
  };
}

function within<T>(seconds: number | null, name: string, work: () => Promise<T>): Promise<T> {
  if (seconds === null) return work();
  return new Promise((resolve, reject) => {
    const late = (): void =>
      reject(
        new RewardError('REWARD_TIMEOUT', `reward '${name}' gave no answer within ${seconds} seconds`, {
          remedy: 'look for what it waits for, or allow it more time (rewards.timeoutSeconds in a run)',
        }),
      );
    const timer = setTimeout(late, seconds * 1000);
    work()
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}

function named(name: string, error: unknown): unknown {
  const who = `reward '${name}'`;
  if (error instanceof RewardError) {
    const { code, what, where, expected, remedy, wrongUse } = error;
    if (`${where ?? ''} ${what}`.includes(who)) return error;
    return new RewardError(code, what, {
      where: where === undefined ? who : `${who}, ${where}`,
      ...(expected === undefined ? {} : { expected }),
      ...(remedy === undefined ? {} : { remedy }),
      wrongUse,
      cause: error,
    });
  }
  // what is not the reward's doing, an interrupted run among it, stays what it is
  if (error instanceof ExpctrError) return error;
  return new RewardError('REWARD_FAILED', `${who} threw ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`, {
    expected: 'a value for each row, null where the reward does not apply',
    remedy: 'correct the reward',
    cause: error,
  });
}

function partsOf(name: string, given: unknown): { readonly values: ArrayLike<unknown>; readonly figures: object } {
  const isObject = typeof given === 'object' && given !== null;
  if (isObject && 'figures' in given) {
    const { values, figures } = given as { values?: unknown; figures: unknown };
    if (isList(values) && typeof figures === 'object' && figures !== null) return { values, figures };
  } else if (isList(given)) return { values: given, figures: {} };
  throw new RewardError('REWARD_ANSWER', `reward '${name}' returned ${shown(given)}`, {
    expected: 'a list of one number or null for each row, or { values, figures } with such a list',
    remedy: 'return the list, and do not forget to await it',
  });
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function checkedValue(name: string, value: unknown, row: number): number | null {
  if (value === null || (typeof value === 'number' && Number.isFinite(value))) return value;
  const isNumber = typeof value === 'number';
  throw new RewardError(isNumber ? 'REWARD_NOT_FINITE' : 'REWARD_ANSWER', `reward '${name}' is ${shown(value)}`, {
    where: `row ${row}`,
    expected: 'a finite number, or null where it does not apply',
    remedy: isNumber
      ? 'look for a division by zero or a logarithm of it'
      : 'return a number for every row, and null for those it says nothing of',
  });
}

function shown(value: unknown): string {
  if (value === undefined || typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  return typeof value === 'object' ? 'an object that holds no list of values' : `a ${typeof value}`;
}

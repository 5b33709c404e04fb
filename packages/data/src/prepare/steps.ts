import type { CardStep } from './card.js';
import { keepRows, type Rows } from './rows.js';

/** Keeps the account of a preparation: what each step left of the rows. */
export interface StepLog {
  readonly steps: readonly CardStep[];
  /** Takes note of what a step left. */
  record(step: string, rows: Rows, change?: { readonly dropped?: number; readonly added?: number }): Rows;
  /** Drops the rows where `keep` is 0, and takes note of it. `rows` must not be used afterwards. */
  filter(step: string, rows: Rows, keep: Uint8Array): Rows;
}

/** An empty account; `itemCount` is the number of item codes. */
export function createStepLog(itemCount: number): StepLog {
  const steps: CardStep[] = [];
  const log: StepLog = {
    steps,
    record(step, rows, { dropped = 0, added } = {}) {
      const last = steps.at(-1);
      const same = last !== undefined && rows.length === last.rows;
      const { users, items } = same ? last : distinct(rows, itemCount);
      steps.push({ step, rows: rows.length, users, items, dropped, ...(added === undefined ? {} : { added }) });
      return rows;
    },
    filter(step, rows, keep) {
      const kept = keep.includes(0) ? keepRows(rows, keep) : rows;
      return log.record(step, kept, { dropped: rows.length - kept.length });
    },
  };
  return log;
}

function distinct(rows: Rows, itemCount: number): { users: number; items: number } {
  let users = 0;
  for (let user = 0; user + 1 < rows.userStart.length; user += 1) if (rows.userStart[user + 1]! > rows.userStart[user]!) users += 1;
  const present = new Uint8Array(itemCount);
  for (let row = 0; row < rows.length; row += 1) present[rows.item[row]!] = 1;
  let items = 0;
  for (const mark of present) items += mark;
  return { users, items };
}

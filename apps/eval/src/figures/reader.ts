import type { ReaderCheckEvent } from '@expctr/run';
import type { Interval } from './interval.js';

/** AUC of p_LC on one set of rows. */
export interface AuditRow {
  readonly rows: number;
  readonly auc: number | null;
  readonly aucInterval: Interval | null;
  readonly reason?: string;
}

/** How well each form of the LC prompt was read, and which of them was chosen. */
export type ReaderCheck = Pick<ReaderCheckEvent, 'chosen' | 'passed' | 'forms' | 'skipped'>;

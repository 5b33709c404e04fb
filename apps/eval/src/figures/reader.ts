import type { Interval } from './interval.js';

/** AUC of p_LC on one set of rows. */
export interface AuditRow {
  readonly rows: number;
  readonly auc: number | null;
  readonly aucInterval: Interval | null;
  readonly reason?: string;
}

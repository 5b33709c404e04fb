/** What is known after an epoch. */
export interface EpochReport {
  /** From 1. */
  readonly epoch: number;
  /** Named as in the run log. */
  readonly metrics: {
    /** Mean log-loss of the training rows in nats, each before the step that learned from it. */
    readonly 'train/logloss': number;
    /** Log-loss of the validation rows; absent without them. */
    readonly 'valid/logloss'?: number;
    /** AUC of the validation rows; absent without them. */
    readonly 'valid/auc'?: number;
  };
}

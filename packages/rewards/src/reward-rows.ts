import type { HistoryText, ItemText } from '@expctr/data';

/**
 * What a reward function is given: columns of equal length, one row for each explanation. The names follow explanations/1 and
 * interactions/1. Rewards read the columns they need and change none.
 */
export interface RewardRows {
  /** Number of rows. */
  readonly length: number;
  /** [rows] interaction that the explanation is about (interactions/1). */
  readonly interactionId: ArrayLike<number>;
  /** [rows] which prompt the row completes; rows that share one are completions of it. */
  readonly prompt: ArrayLike<number>;
  /** [rows] what the user did: 1 = chose or liked it, 0 = not. */
  readonly label: ArrayLike<number>;
  /** [rows] the target item. */
  readonly item: readonly ItemText[];
  /** [rows] user whose interaction it is; needed only by rewards that compare users. */
  readonly user?: ArrayLike<number>;
  /** [rows] history that the prompt showed; needed only by rewards that look at it and readers whose template repeats it. */
  readonly history?: readonly HistoryText[];
  /** [rows] explanation as generated. */
  readonly explanation: readonly string[];
  /** [rows] explanation as reader and encoder see it (`readableText` of `@expctr/data`). */
  readonly read: readonly string[];
  /** [rows] tokens generated, the stop token included. */
  readonly tokenCount: ArrayLike<number>;
  /** [rows] why generation ended. */
  readonly finishReason: readonly ('stop' | 'length')[];
}

/** The columns that a reader reads. */
export type ReaderRows = Pick<RewardRows, 'length' | 'item' | 'read' | 'history'>;

/** Rewards of a batch, and what the log is to say of them. */
export interface RewardValues {
  /** [rows] rewards, null where it does not apply. */
  readonly values: ArrayLike<number | null>;
  /** Figures of the batch by name, for the log (`reward/<reward>/<figure>`); one that is not finite is left out. */
  readonly figures: Readonly<Record<string, number>>;
}

/** A reward: one number for each row, null where it does not apply; alone, or with figures for the log. Any function of this shape is one. */
export type RewardFunction = (rows: RewardRows) => Promise<ArrayLike<number | null> | RewardValues>;

/** Whether nothing of the explanation was left for reader and encoder, because it was empty or only a verdict. */
export function isEmptyExplanation(rows: Pick<RewardRows, 'read'>, row: number): boolean {
  return (rows.read[row] ?? '').trim() === '';
}

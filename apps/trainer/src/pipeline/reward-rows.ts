import type { RewardRows } from '@expctr/rewards';
import type { RunData } from './run-data.js';

/** An explanation of an interaction, not yet rewarded. */
export interface Explained {
  readonly row: number;
  /** Rows that complete one prompt share this number. */
  readonly prompt: number;
  readonly explanation: string;
  readonly read: string;
  readonly tokenCount: number;
  readonly finishReason: 'stop' | 'length';
}

/** The columns that rewards read. */
export function rewardRows(
  { interactions, prompts }: Pick<RunData, 'interactions' | 'prompts'>,
  explained: readonly Explained[],
): RewardRows {
  return {
    length: explained.length,
    interactionId: explained.map(({ row }) => row),
    prompt: explained.map(({ prompt }) => prompt),
    user: explained.map(({ row }) => interactions.user[row]!),
    label: explained.map(({ row }) => interactions.label[row]!),
    item: explained.map(({ row }) => prompts.item(row)),
    history: explained.map(({ row }) => prompts.history(row)),
    explanation: explained.map(({ explanation }) => explanation),
    read: explained.map(({ read }) => read),
    tokenCount: explained.map(({ tokenCount }) => tokenCount),
    finishReason: explained.map(({ finishReason }) => finishReason),
  };
}

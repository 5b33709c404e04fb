import type { RewardRows } from '../src/reward-rows.js';

/** Rows with the given columns and plain ones for the rest. */
export function rowsOf(columns: Partial<RewardRows> & { readonly label: ArrayLike<number> }): RewardRows {
  const length = columns.label.length;
  const fill = <T>(value: T): T[] => Array.from({ length }, () => value);
  return {
    length,
    interactionId: Uint32Array.from({ length }, (_, row) => row),
    prompt: Uint32Array.from({ length }, (_, row) => row),
    user: Uint32Array.from({ length }, (_, row) => row),
    item: fill({ title: 'The Lantern Keeper (1994)', attributes: { genres: ['Drama'] } }),
    explanation: fill('The user has enjoyed other dramas.'),
    read: fill('The user has enjoyed other dramas.'),
    tokenCount: fill(12),
    finishReason: fill('stop' as const),
    ...columns,
  };
}

import type { RewardRows } from './reward-rows.js';

/** Some of the rows, in the given order; one may come several times. */
export function pickRows(rows: RewardRows, at: readonly number[]): RewardRows {
  const of = <T>(column: ArrayLike<T>): T[] => at.map((row) => column[row]!);
  return {
    length: at.length,
    interactionId: of(rows.interactionId),
    prompt: of(rows.prompt),
    label: of(rows.label),
    item: of(rows.item),
    explanation: of(rows.explanation),
    read: of(rows.read),
    tokenCount: of(rows.tokenCount),
    finishReason: of(rows.finishReason),
    ...(rows.user === undefined ? {} : { user: of(rows.user) }),
    ...(rows.history === undefined ? {} : { history: of(rows.history) }),
  };
}

import { explanationsFromTable, readTable, type Interactions } from '@expctr/data';
import { P_LC } from '@expctr/run';

/** An explanation as it is served. */
export interface Explanation {
  /** As the language model wrote it. */
  readonly text: string;
  /** What of it the CTR model was given: without verdicts and questions. */
  readonly read: string;
  /** Whether the run wrote it, or the language model now. */
  readonly source: 'stored' | 'generated';
  /** The reader's probability from item and explanation; null where it was not asked. */
  readonly readerProbability: number | null;
}

/** Explanations that the run wrote. */
export interface StoredExplanations {
  /** The interaction of a user and an item, by their codes, that was explained last. */
  explained(user: number, item: number): number | undefined;
  /** The explanation of such an interaction. */
  of(interaction: number): Explanation;
  /** How many there are. */
  readonly count: number;
}

/** Reads explanations/1. */
export async function readStored(path: string, interactions: Interactions): Promise<StoredExplanations> {
  const { interactionId, explanation, read, rewards } = explanationsFromTable(await readTable(path));
  const pairOf = (user: number, item: number): number => user * interactions.itemIds.length + item;
  const positions = new Map<number, number>();
  const latest = new Map<number, number>();
  interactionId.forEach((row, at) => {
    if (row >= interactions.length) return;
    positions.set(row, at);
    const pair = pairOf(interactions.user[row]!, interactions.item[row]!);
    if (row >= (latest.get(pair) ?? -1)) latest.set(pair, row);
  });
  return {
    count: positions.size,
    explained: (user, item) => latest.get(pairOf(user, item)),
    of(interaction) {
      const at = positions.get(interaction)!;
      const probability = rewards[P_LC]?.[at] ?? NaN;
      return {
        text: explanation[at]!,
        read: read[at]!,
        source: 'stored',
        readerProbability: Number.isNaN(probability) ? null : probability,
      };
    },
  };
}

/** A run without explanations. */
export const noneStored: StoredExplanations = {
  count: 0,
  explained: () => undefined,
  of: () => {
    throw new RangeError('there are no explanations');
  },
};

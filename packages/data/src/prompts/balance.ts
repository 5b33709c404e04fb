/** What a history says of a value, on balance: from clearly more liked to clearly more disliked. */
export const BALANCES = ['loved', 'liked', 'mixed', 'disliked', 'hated'] as const;
/** What a history says of a value, on balance. */
export type Balance = (typeof BALANCES)[number];

/** So many more of one label than of the other are a clear case. */
const CLEAR = 3;

/** The balance of so many liked and disliked items. */
export function balanceOf(liked: number, disliked: number): Balance {
  const net = liked - disliked;
  if (net === 0) return 'mixed';
  if (net > 0) return net >= CLEAR ? 'loved' : 'liked';
  return net <= -CLEAR ? 'hated' : 'disliked';
}

/** A value that a history holds, and how often. */
export interface Balanced<Value> {
  /** The value. */
  readonly value: Value;
  /** Liked items that have it. */
  readonly liked: number;
  /** Disliked items that have it. */
  readonly disliked: number;
}

/**
 * Counts every value of a history.
 * @param liked values of each liked item
 * @param disliked values of each disliked item
 * @returns the most frequent first; where two are as frequent, as they come, likes before dislikes
 */
export function countValues<Value>(liked: readonly (readonly Value[])[], disliked: readonly (readonly Value[])[]): Balanced<Value>[] {
  const counts = new Map<Value, { liked: number; disliked: number }>();
  const count = (items: readonly (readonly Value[])[], label: 'liked' | 'disliked'): void => {
    for (const values of items) {
      for (const value of values) {
        const known = counts.get(value);
        if (known === undefined) counts.set(value, { liked: 0, disliked: 0, [label]: 1 });
        else known[label] += 1;
      }
    }
  };
  count(liked, 'liked');
  count(disliked, 'disliked');
  const all = Array.from(counts, ([value, count]) => ({ value, ...count }));
  return all.sort((a, b) => b.liked + b.disliked - (a.liked + a.disliked)); // sorting keeps the order of equals
}

/** The same by balance. */
export function groupByBalance<Value>(counted: readonly Balanced<Value>[]): Readonly<Record<Balance, readonly Value[]>> {
  const groups: Record<Balance, Value[]> = { loved: [], liked: [], mixed: [], disliked: [], hated: [] };
  for (const { value, liked, disliked } of counted) groups[balanceOf(liked, disliked)].push(value);
  return groups;
}

import { rowsOf } from '@expctr/data';
import type { Sibling } from '@expctr/rewards';
import type { RunData } from './run-data.js';

/**
 * Siblings of a policy row: other policy rows of its user, for each attribute of the item so many that have it, the nearest in
 * time; so whatever is claimed of the item is held against as many others. Rows of other slices stay unseen: the policy learns
 * from their labels nothing.
 */
export function createSiblings({
  interactions,
  prompts,
}: Pick<RunData, 'interactions' | 'prompts'>): (row: number, perAttribute: number) => readonly Sibling[] {
  const rowsByUser = new Map<number, number[]>();
  for (const row of rowsOf(interactions, 'train', 'policy')) {
    const user = interactions.user[row]!;
    const own = rowsByUser.get(user);
    if (own === undefined) rowsByUser.set(user, [row]);
    else own.push(row);
  }
  const ofItem = new Map<number, ReadonlySet<string>>();
  const attributes = (row: number): ReadonlySet<string> => {
    const item = interactions.item[row]!;
    const known = ofItem.get(item);
    if (known !== undefined) return known;
    const made = new Set(
      Object.entries(prompts.item(row).attributes).flatMap(([field, values]) => values.map((value) => `${field}\n${value}`)),
    );
    ofItem.set(item, made);
    return made;
  };
  const found = new Map<string, readonly Sibling[]>();
  const find = (row: number, perAttribute: number): readonly Sibling[] => {
    const others = (rowsByUser.get(interactions.user[row]!) ?? [])
      .filter((other) => other !== row && interactions.item[other] !== interactions.item[row])
      .sort((a, b) => Math.abs(a - row) - Math.abs(b - row));
    const chosen = new Set<number>();
    for (const attribute of attributes(row)) {
      const having = others.filter((other) => attributes(other).has(attribute));
      const known = having.filter((other) => chosen.has(other)).length;
      const more = having.filter((other) => !chosen.has(other)).slice(0, Math.max(0, perAttribute - known));
      for (const other of more) chosen.add(other);
    }
    return [...chosen].map((other) => ({ item: prompts.item(other), label: interactions.label[other]!, history: prompts.history(other) }));
  };
  return (row, perAttribute) => {
    const key = `${row} ${perAttribute}`;
    const known = found.get(key) ?? find(row, perAttribute);
    found.set(key, known);
    return known;
  };
}

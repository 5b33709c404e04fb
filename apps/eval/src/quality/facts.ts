import { historyOf, type Interactions, type Items, type TruthRow } from '@expctr/data';
import { trueReasons, type Claim } from '@expctr/testbed';

/** Names an attribute: `genre` of `horror`. */
export const attributeKey = (field: string, value: string): string => `${field}\n${value}`;

/** What is said of an attribute; one who does not say how much has no strength. */
export type StatedClaim = Omit<Claim, 'strength'> & Partial<Pick<Claim, 'strength'>>;

/** A true reason's sign, and whether it is a strong one. */
export type Reason = Pick<Claim, 'sign' | 'strength'>;

/** What claims about an interaction are measured against. */
export interface RowFacts {
  /** The true reasons by attribute: at least 10 % of the sum of absolute contributions. */
  readonly reasons: ReadonlyMap<string, Reason>;
  /** Attributes of the item. */
  readonly item: readonly string[];
  /** Whether the item or an item of the visible history has the attribute. */
  readonly known: (attribute: string) => boolean;
}

/** The facts of any interaction. @param truth aligned with the interactions */
export function createFacts(interactions: Interactions, items: Items, truth: readonly TruthRow[]): (row: number) => RowFacts {
  const attributes = itemAttributes(items);
  return (row) => {
    const item = attributes[interactions.item[row]!]!;
    const known = (attribute: string): boolean =>
      item.includes(attribute) || historyOf(interactions, row).some((past) => attributes[interactions.item[past]!]!.includes(attribute));
    return {
      reasons: new Map(trueReasons(truth[row]!).map(({ field, value, ...reason }) => [attributeKey(field, value), reason])),
      item,
      known,
    };
  };
}

/** Attributes of every item. */
export function itemAttributes(items: Items): string[][] {
  return Array.from({ length: items.length }, (_, item) => [
    ...new Set(
      Object.entries(items.attributes).flatMap(([field, lists]) => (lists[item] ?? []).map((value) => attributeKey(field, value))),
    ),
  ]);
}

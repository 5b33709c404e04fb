import { historyOf, type Interactions } from '@expctr/data';

/** Names of what {@link createEvidence} gives for an attribute, in their order. */
export const ATTRIBUTE_EVIDENCE = [
  'liked items that have it',
  'disliked items that have it',
  'share of liked items (smoothed)',
  'items in the history',
  'share of all items that have it',
  'attribute field',
  'its log-odds of being liked',
  'what likes of it the other attributes leave open',
  'what dislikes of it the other attributes leave open',
  'log-odds of the target’s other attributes',
  'log-odds of the target',
] as const;

/** The visible history of one interaction, read by attribute. */
export interface Evidence {
  /** [attributes of the item, ATTRIBUTE_EVIDENCE] in the order of the item's attributes. */
  readonly attributes: readonly Float64Array[];
  /** Smoothed share of liked items, and the number of items. */
  readonly rate: number;
  readonly length: number;
}

/**
 * What the visible history says about the attributes of an interaction's item: counts by label, and the same less what the other
 * attributes of the liked and disliked items explain. Nothing else of the user enters: no id, no hidden part of the past.
 *
 * @param attributes by item code
 */
export function createEvidence(interactions: Interactions, attributes: readonly (readonly string[])[]): (row: number) => Evidence {
  const share = new Map<string, number>();
  for (const own of attributes) for (const attribute of own) share.set(attribute, (share.get(attribute) ?? 0) + 1 / attributes.length);
  const fieldOf = new Map<string, number>();
  const field = (attribute: string): number => {
    const [name = ''] = attribute.split('\n');
    if (!fieldOf.has(name)) fieldOf.set(name, fieldOf.size);
    return fieldOf.get(name)!;
  };

  return (row) => {
    const past = Array.from(historyOf(interactions, row), (id) => ({
      label: interactions.label[id]!,
      own: attributes[interactions.item[id]!]!,
    }));
    const likes = past.filter(({ label }) => label === 1).length;
    const rate = (likes + 1) / (past.length + 2);
    const bias = logit(rate);
    const counts = new Map<string, [disliked: number, liked: number]>();
    for (const { label, own } of past) {
      for (const attribute of own) {
        const count = counts.get(attribute) ?? [0, 0];
        count[label]! += 1;
        counts.set(attribute, count);
      }
    }
    /** Log-odds of a like where the attribute is, less those of the history; shrunk by one item's worth of the history's rate. */
    const lift = (attribute: string): number => {
      const [disliked, liked] = counts.get(attribute) ?? [0, 0];
      return Math.log((liked + rate) / (disliked + 1 - rate)) - bias;
    };
    const target = attributes[interactions.item[row]!]!;
    const lifts = target.map(lift);
    const sum = lifts.reduce((total, value) => total + value, 0);
    return {
      rate,
      length: past.length,
      attributes: target.map((attribute, at) => {
        const [disliked, liked] = counts.get(attribute) ?? [0, 0];
        const open = [0, 0];
        for (const { label, own } of past) {
          if (!own.includes(attribute)) continue;
          const others = own.reduce((total, other) => total + (other === attribute ? 0 : lift(other)), bias);
          open[label]! += Math.abs(label - 1 / (1 + Math.exp(-others)));
        }
        return Float64Array.of(
          liked,
          disliked,
          rate,
          past.length,
          share.get(attribute) ?? 0,
          field(attribute),
          lifts[at]!,
          open[1]!,
          open[0]!,
          sum - lifts[at]!,
          bias + sum,
        );
      }),
    };
  };
}

const logit = (p: number): number => Math.log(p / (1 - p));

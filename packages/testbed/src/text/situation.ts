import { balancedCounts, type HistoryText, type ItemText } from '@expctr/data';
import type { WorldUser } from '../world/user.js';
import { FIELD_COUNT, valueNames } from '../world/vocabulary.js';
import type { World } from '../world/world.js';
import { testbedExplanationTemplate } from './templates.js';
import type { CodedClaim, Subject } from './writers.js';

/** What the visible history says of one value of the target. */
export interface CodedEvidence {
  readonly value: number;
  /** Items with it that were liked, and disliked, balanced to the template's limit. */
  readonly liked: number;
  readonly disliked: number;
}

/** A user's interaction, ready to be written about. */
export interface Situation extends Subject {
  readonly evidence: readonly CodedEvidence[];
  readonly label: 0 | 1;
  readonly bayesProbability: number;
  /** All tastes of the user, of this item or not. */
  readonly tastes: readonly CodedClaim[];
}

const { limit } = testbedExplanationTemplate.evidence!;

/** The interaction at `place` of a user, with all earlier ones as its history. */
export function situationOf({ items }: World, { rows, tastes }: WorldUser, place: number): Situation {
  const { item, contributions, label, bayesProbability } = rows[place]!;
  const { values } = items[item]!;
  const liked = new Array<number>(FIELD_COUNT).fill(0);
  const disliked = new Array<number>(FIELD_COUNT).fill(0);
  for (let at = 0; at < place; at += 1) {
    const earlier = rows[at]!;
    const counts = earlier.label === 1 ? liked : disliked;
    const other = items[earlier.item]!.values;
    for (let field = 0; field < FIELD_COUNT; field += 1) if (other[field] === values[field]) counts[field]! += 1;
  }
  return {
    values,
    contributions,
    label,
    bayesProbability,
    evidence: values.map((value, field) => ({ value, ...balancedCounts(liked[field]!, disliked[field]!, limit) })),
    tastes: [...tastes[0]!].flatMap((weight, value): CodedClaim[] => (weight === 0 ? [] : [[value, weight > 0 ? 1 : -1]])),
  };
}

/** The same interaction as a prompt's template wants it. */
export function situationText({ items, domain }: World, { rows }: WorldUser, place: number): { target: ItemText; history: HistoryText } {
  const names = valueNames(domain);
  const text = (at: number): ItemText => {
    const { title, values } = items[at]!;
    return { title, attributes: Object.fromEntries(domain.fields.map(({ name }, field) => [name, [names[values[field]!]!]])) };
  };
  const earlier = (wanted: 0 | 1): ItemText[] =>
    rows
      .slice(0, place)
      .filter(({ label }) => label === wanted)
      .map(({ item }) => text(item));
  return { target: text(rows[place]!.item), history: { liked: earlier(1), disliked: earlier(0) } };
}

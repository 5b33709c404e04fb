import { countValues, groupByBalance, type Balance, type HistoryText, type ItemText } from '@expctr/data';
import { expectedTastes } from '../world/expected-tastes.js';
import type { WorldRow, WorldUser } from '../world/user.js';
import { valueNames } from '../world/vocabulary.js';
import type { World } from '../world/world.js';

/** A user's interaction, ready to be written about. */
export interface Situation {
  /** The item's values, in the order of the fields; the first is its genre. */
  readonly values: readonly number[];
  /** Signed share of each in the logit. */
  readonly contributions: readonly number[];
  /** Values of the visible history by their balance, the most frequent first. */
  readonly profile: Readonly<Record<Balance, readonly number[]>>;
  /** Whether the visible history holds a value. */
  readonly met: ReadonlySet<number>;
  /** The taste for every value that the visible history lets one expect who knows what words mean, and not what fields count here. */
  readonly expected: Float64Array;
  readonly label: 0 | 1;
  readonly bayesProbability: number;
  /** Values of this item and of others that the user might be asked about. */
  readonly asked: readonly (readonly number[])[];
  /** Names of all values. */
  readonly names: readonly string[];
}

/** Items that are asked about after one history, and how far they lie apart in the catalogue. */
const ASKED = { items: 8, apart: 37 } as const;

/** The interaction at `place` of a user, with all earlier ones as its history. */
export function situationOf({ items, domain }: World, { rows }: WorldUser, place: number): Situation {
  const valuesAt = (row: WorldRow): readonly number[] => items[row.item]!.values;
  const { contributions, label, bayesProbability } = rows[place]!;
  const past = rows.slice(0, place);
  const having = (wanted: 0 | 1): (readonly number[])[] => past.filter((row) => row.label === wanted).map(valuesAt);
  const counted = countValues(having(1), having(0));
  return {
    values: valuesAt(rows[place]!),
    contributions,
    profile: groupByBalance(counted),
    met: new Set(counted.map(({ value }) => value)),
    expected: expectedTastes({ values: past.map(valuesAt), labels: past.map((row) => row.label) }),
    label,
    bayesProbability,
    asked: Array.from({ length: ASKED.items }, (_, k) => items[(rows[place]!.item + k * ASKED.apart) % items.length]!.values),
    names: valueNames(domain),
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

// What one could say of interactions of a simulated world who knows what words mean and not how much its platform counts each field.
import { historyOf, type PreparedDataset } from '@expctr/data';
import { expectedTastes, type World } from '@expctr/testbed';
import { claimsOn, degreeOf, sayClaims } from '@expctr/testbed/pretraining';

/** One interaction as counters and the ideal writer see it. Lists are in the order of the item's fields. */
export interface SeenRow {
  /** Log-odds of likes of each of the item's values with one like and one dislike more, roots of both counts; share of likes. */
  readonly counts: readonly number[];
  /** Expected taste for each value. */
  readonly tastes: readonly number[];
  /** The same in words' terms, from -2 to 2; 0 where it is worth no word. */
  readonly degrees: readonly number[];
  /** The degrees as sentences. */
  readonly text: string;
  /** Expected share of each value in the logit for one who knows the platform's weights, too. */
  readonly contributions: readonly number[];
}

/** Reads rows of a dataset that was prepared from the world, each by its visible history. */
export function idealWriter(world: World, { interactions }: PreparedDataset): (row: number) => SeenRow {
  const { fieldWeights } = world;
  if (fieldWeights === null) throw new TypeError('the fields of this world count differently for each user');
  const valuesOf = new Map(world.items.map(({ itemId, values }) => [itemId, values]));
  const byItem = interactions.itemIds.map((id) => valuesOf.get(id)!);
  const names = world.domain.fields.flatMap(({ values }) => values);
  return (row) => {
    const past = [...historyOf(interactions, row)];
    const own = byItem[interactions.item[row]!]!;
    const labels = past.map((id) => interactions.label[id]!);
    const met = { values: past.map((id) => byItem[interactions.item[id]!]!), labels };
    const [tastes, known] = [expectedTastes(met), expectedTastes(met, fieldWeights)];
    const count = (label: number): number[] =>
      own.map((value, field) => met.values.filter((values, at) => labels[at] === label && values[field] === value).length);
    const [likes, dislikes] = [count(1), count(0)];
    return {
      counts: [
        ...likes.map((liked, field) => Math.log((liked + 1) / (dislikes[field]! + 1))),
        ...likes.map(Math.sqrt),
        ...dislikes.map(Math.sqrt),
        past.length === 0 ? 0.5 : labels.reduce((sum, label) => sum + label, 0) / past.length,
      ],
      tastes: own.map((value) => tastes[value]!),
      degrees: own.map((value) => degreeOf(tastes[value]!)),
      text: sayClaims(claimsOn(own, tastes), names),
      contributions: own.map((value, field) => fieldWeights[field]! * known[value]!),
    };
  };
}

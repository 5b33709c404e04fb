import { historyOf, type Interactions } from '@expctr/data';
import { expectedTastes } from '@expctr/testbed';
import { bestCut, bestThreshold, claimsAbove, type Candidate } from './best-claims.js';
import type { KnownWorld } from './known-world.js';
import { userPlaces } from './user-halves.js';
import type { CeilingInput, VisibleHistoryCeiling } from './visible-history.js';

/** What {@link expectedContributionsCeiling} needs. */
export interface ExpectedContributionsInput extends Pick<CeilingInput, 'interactions' | 'facts' | 'rows' | 'rng'> {
  readonly world: KnownWorld;
  /** What each field is taken to count. */
  readonly fieldWeights: readonly number[];
}

/**
 * How far one gets in a world of meanings who expects of a user's tastes what the visible history tells (`expectedTastes`): a value's
 * contribution is expected to be its taste times the field's weight. The click follows their sum; nothing of the user's bias or the item's
 * quality is known. An attribute is claimed from a share of the expected absolute contributions on, as true reasons are defined: in F1 that
 * is 0.011 to 0.014 better than a threshold on the contribution itself, and 0.004 short of one on probabilities from 200 draws of the
 * posterior (worlds of 300 users). It is strong from a size on. Both thresholds are the best ones for the users of the other half: no truth
 * of a user enters what is said of them.
 */
export function expectedContributionsCeiling(input: ExpectedContributionsInput): VisibleHistoryCeiling {
  const { interactions, world, fieldWeights, facts, rows, rng } = input;
  const known = new Map<number, Float64Array>();
  const expected = (row: number): Float64Array => {
    const found = known.get(row) ?? contributions(row, interactions, world, fieldWeights);
    known.set(row, found);
    return found;
  };
  const candidates = (row: number): Candidate[] => {
    const own = expected(row);
    const total = own.reduce((sum, share) => sum + Math.abs(share), 0) || 1;
    return world.values[interactions.item[row]!]!.map((value, field) => ({
      attribute: world.attributes[value]!,
      sign: own[field]! >= 0 ? 1 : -1,
      score: Math.abs(own[field]!) / total,
      size: Math.abs(own[field]!),
    }));
  };
  const placeOf = userPlaces(interactions, rows, rng.fork('users'));
  const halves = [0, 1].map((half) => {
    const others = rows.filter((row) => placeOf(row) % 2 !== half).map((row) => ({ facts: facts(row), candidates: candidates(row) }));
    return { threshold: bestThreshold(others), cut: bestCut(others) };
  });
  return {
    claims: (row) => {
      const { threshold, cut } = halves[placeOf(row) % 2]!;
      return claimsAbove(candidates(row), threshold, cut);
    },
    click: (row) => 1 / (1 + Math.exp(-expected(row).reduce((sum, share) => sum + share, 0))),
  };
}

/** [fields] what each value of a row's item is expected to contribute to the logit. */
function contributions(row: number, interactions: Interactions, { values }: KnownWorld, fieldWeights: readonly number[]): Float64Array {
  const past = [...historyOf(interactions, row)];
  const met = { values: past.map((id) => values[interactions.item[id]!]!), labels: past.map((id) => interactions.label[id]!) };
  const tastes = expectedTastes(met, fieldWeights);
  return Float64Array.from(values[interactions.item[row]!]!, (value, field) => fieldWeights[field]! * tastes[value]!);
}

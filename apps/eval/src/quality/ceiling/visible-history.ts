import type { Rng } from '@expctr/core';
import type { Interactions, Items, TruthRow } from '@expctr/data';
import { itemAttributes, type RowFacts, type StatedClaim } from '../facts.js';
import { bestThreshold, claimsAbove, probableReasons } from './best-claims.js';
import { createEvidence } from './history-evidence.js';
import { fitVisibleHistory, type VisibleHistoryModel } from './posterior.js';
import { userPlaces } from './user-halves.js';

/** The best that can be said and predicted of rows from their visible history alone, as estimated. */
export interface VisibleHistoryCeiling {
  /** The claims of an explainer who has the posterior over tastes. */
  claims(row: number): StatedClaim[];
  /** P(label = 1). */
  click(row: number): number;
}

/** What the ceiling is estimated from. */
export interface CeilingInput {
  readonly interactions: Interactions;
  readonly items: Items;
  readonly truth: readonly TruthRow[];
  readonly facts: (row: number) => RowFacts;
  /** Rows to fit on and to ask about. */
  readonly rows: readonly number[];
  readonly rng: Rng;
}

/** One in so many users of a half is held out: for early stopping, and for the threshold of what is said. */
const HELD_OUT = 5;

/**
 * Users are cut into two halves, and what is asked of a user's rows comes from models that were fitted on the rows of the other half:
 * no truth of a user enters what is said of them. The rows to fit on are of the same kind as those that are asked about, and not
 * the policy slice: its histories are shorter, and a model fitted there falls 0.03 to 0.06 short in F1, which would be a ceiling too low.
 */
export function visibleHistoryCeiling({ interactions, items, truth, facts, rows, rng }: CeilingInput): VisibleHistoryCeiling {
  const evidence = createEvidence(interactions, itemAttributes(items));
  const placeOf = userPlaces(interactions, rows, rng.fork('users'));
  const halves = [0, 1].map((half) => {
    const others = rows.filter((row) => placeOf(row) % 2 !== half);
    const held = (row: number): boolean => (placeOf(row) >> 1) % HELD_OUT === 0;
    const model = fitVisibleHistory({
      rows: others,
      held,
      evidence,
      facts,
      bayesProbability: (row) => truth[row]!.bayesProbability,
      rng: rng.fork('half', half),
    });
    const judged = others.filter(held).map((row) => ({ facts: facts(row), candidates: probableReasons(facts(row), model.reasons(row)) }));
    return { model, threshold: bestThreshold(judged) };
  });
  const halfOf = (row: number): { readonly model: VisibleHistoryModel; readonly threshold: number } => halves[placeOf(row) % 2]!;
  return {
    claims: (row) => claimsAbove(probableReasons(facts(row), halfOf(row).model.reasons(row)), halfOf(row).threshold),
    click: (row) => halfOf(row).model.click(row),
  };
}

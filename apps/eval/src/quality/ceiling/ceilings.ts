import type { Rng } from '@expctr/core';
import type { CeilingKind } from '../../figures/quality.js';
import type { RunData } from '../../read/run-data.js';
import type { RowFacts } from '../facts.js';
import { expectedContributionsCeiling } from './expected-contributions.js';
import { knownWorld } from './known-world.js';
import { visibleHistoryCeiling, type VisibleHistoryCeiling } from './visible-history.js';

/** The ceilings of a run. */
export interface Ceilings {
  /** What gains are measured against. */
  readonly best: VisibleHistoryCeiling;
  readonly kind: CeilingKind;
  /** One who knows what words mean, and takes all fields to count the same. */
  readonly meanings: VisibleHistoryCeiling | null;
}

/**
 * Where it is known what the run's world is made of, the best that can be said and predicted follows from it; else it is estimated.
 * @param rows to estimate on and to ask about
 */
export function ceilingsOf(
  run: RunData,
  truth: NonNullable<RunData['truth']>,
  facts: (row: number) => RowFacts,
  rows: readonly number[],
  rng: Rng,
): Ceilings {
  const { interactions, items } = run;
  const world = knownWorld(run);
  if (world === null)
    return { best: visibleHistoryCeiling({ interactions, items, truth, facts, rows, rng }), kind: 'history', meanings: null };
  const knowing = (fieldWeights: readonly number[]): VisibleHistoryCeiling =>
    expectedContributionsCeiling({ interactions, world, fieldWeights, facts, rows, rng });
  return { best: knowing(world.fieldWeights), kind: 'both', meanings: knowing(world.fieldWeights.map(() => 1)) };
}

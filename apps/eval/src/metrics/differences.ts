import { delongTest, percentileInterval, type Resampled } from '@expctr/ctr-models';
import type { Predictor } from '@expctr/data';
import type { Difference, PredictorMetrics } from '../figures/predictors.js';
import type { TestPredictions } from '../read/test-predictions.js';
import { definedOr } from '../statistics/defined-or.js';

/** What must be beaten: every predictor that knows nothing of the trained policy's explanations. */
const opponents: readonly Predictor[] = [
  'id-only',
  'id-only-full',
  'id-history',
  'icl',
  'icl-aug',
  'item-text-aug',
  'prompt-text-aug',
  'template-aug',
  'post-hoc-llm',
  'post-hoc-aug',
];

/** The opponent with the highest AUC, of equals the first; null where the run has none or no AUC is defined. */
export function strongestOpponent(predictors: Readonly<Record<string, PredictorMetrics>>): string | null {
  const known = opponents.flatMap((model) => {
    const area = predictors[model]?.auc ?? null;
    return area === null ? [] : [{ model, area }];
  });
  return known.length === 0 ? null : known.reduce((best, one) => (one.area > best.area ? one : best)).model;
}

/** The predictors that stand for a name: `opponent` the strongest one, `backbone` the better of id-only and id-only-full. */
export type Roles = Readonly<Record<'opponent' | 'backbone', string | null>>;

/** The comparisons that the method's claims rest on, by the name of a predictor or of a role. */
const comparisons: readonly (readonly [model: Predictor, against: Predictor | keyof Roles])[] = [
  ['expctr-aug', 'opponent'],
  ['expctr-aug', 'verdict-aug'],
  ['expctr-aug', 'id-history'],
  ['expctr-aug', 'icl'],
  ['expctr-aug', 'icl-aug'],
  ['expctr-aug', 'template-aug'],
  ['expctr-aug', 'post-hoc-aug'],
  ['expctr-aug', 'backbone'],
  ['expctr-aug', 'shuffled-aug'],
  ['expctr-aug', 'item-text-aug'],
  ['expctr-aug', 'prompt-text-aug'],
  ['expctr-llm', 'icl'],
  ['expctr-llm', 'post-hoc-llm'],
  ['expctr-llm', 'backbone'],
];

/** Paired AUC differences with intervals from the common resamples; comparisons whose models the run lacks are left out. */
export function aucDifferences(
  predictors: Readonly<Record<string, PredictorMetrics>>,
  roles: Roles,
  { label, user, models }: TestPredictions,
  resampled: ReadonlyMap<string, Resampled>,
): Record<string, Record<string, Difference>> {
  const out: Record<string, Record<string, Difference>> = {};
  for (const [model, name] of comparisons) {
    const against = name === 'backbone' || name === 'opponent' ? roles[name] : name;
    if (against === null) continue;
    const [a, b] = [predictors[model], predictors[against]];
    if (a === undefined || b === undefined) continue;
    const delongP = definedOr(() => delongTest(label, models.get(model)!, models.get(against)!, { groups: user }).pValue);
    (out[model] ??= {})[name] = { ...difference(against, a.auc, b.auc, resampled.get(model), resampled.get(against)), delongP };
  }
  return out;
}

/** A comparison and the roles that its opponent has. */
export interface Comparison {
  readonly model: string;
  readonly roles: readonly string[];
  readonly difference: Difference;
}

/** Every pair of models once, in the order in which they are compared. */
export function distinctComparisons(differences: Readonly<Record<string, Readonly<Record<string, Difference>>>>): Comparison[] {
  return Object.entries(differences).flatMap(([model, against]) => {
    const pairs = new Map<string, { difference: Difference; roles: string[] }>();
    for (const [name, difference] of Object.entries(against)) {
      const known = pairs.get(difference.against) ?? { difference, roles: [] };
      if (name !== difference.against) known.roles.push(name);
      pairs.set(difference.against, known);
    }
    return [...pairs.values()].map((pair) => ({ model, ...pair }));
  });
}

function difference(
  against: string,
  a: number | null,
  b: number | null,
  drawsA?: Resampled,
  drawsB?: Resampled,
): Omit<Difference, 'delongP'> {
  if (a === null || b === null) return { against, auc: null, aucInterval: null, reason: 'all test rows have the same label' };
  if (drawsA === undefined || drawsB === undefined) return { against, auc: a - b, aucInterval: null };
  return { against, auc: a - b, aucInterval: percentileInterval(drawsA.auc.map((value, at) => value - drawsB.auc[at]!)) };
}

/** Where a difference stands to 0: beyond it with its whole interval, or not told apart from it. */
export type Standing = 'above' | 'level' | 'below';

/** Where a difference stands; null where it has no interval. */
export function standingOf(difference: Difference | undefined): Standing | null {
  const interval = difference?.aucInterval ?? null;
  if (interval === null) return null;
  return interval[0] > 0 ? 'above' : interval[1] < 0 ? 'below' : 'level';
}

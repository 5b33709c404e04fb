import type { Difference, PredictorMetrics } from '../figures/predictors.js';
import { percentileInterval, type Resampled } from '../statistics/user-bootstrap.js';

/** The comparisons that the method's claims rest on. `backbone` stands for the better of id-only and id-only-full. */
const comparisons: readonly (readonly [model: string, against: string])[] = [
  ['expctr-aug', 'backbone'],
  ['expctr-aug', 'verdict-aug'],
  ['expctr-aug', 'shuffled-aug'],
  ['expctr-aug', 'item-text-aug'],
  ['expctr-aug', 'prompt-text-aug'],
  ['expctr-aug', 'post-hoc-aug'],
  ['expctr-llm', 'icl'],
  ['expctr-llm', 'post-hoc-llm'],
  ['expctr-llm', 'backbone'],
];

/** Paired AUC differences with intervals from the common resamples; comparisons whose models the run lacks are left out. */
export function aucDifferences(
  predictors: Readonly<Record<string, PredictorMetrics>>,
  backbone: string | null,
  resampled: ReadonlyMap<string, Resampled>,
): Record<string, Record<string, Difference>> {
  const out: Record<string, Record<string, Difference>> = {};
  for (const [model, name] of comparisons) {
    const against = name === 'backbone' ? backbone : name;
    if (against === null) continue;
    const [a, b] = [predictors[model], predictors[against]];
    if (a === undefined || b === undefined) continue;
    (out[model] ??= {})[name] = difference(against, a.auc, b.auc, resampled.get(model), resampled.get(against));
  }
  return out;
}

function difference(against: string, a: number | null, b: number | null, drawsA?: Resampled, drawsB?: Resampled): Difference {
  if (a === null || b === null) return { against, auc: null, aucInterval: null, reason: 'all test rows have the same label' };
  if (drawsA === undefined || drawsB === undefined) return { against, auc: a - b, aucInterval: null };
  return { against, auc: a - b, aucInterval: percentileInterval(drawsA.auc.map((value, at) => value - drawsB.auc[at]!)) };
}

/** Whether a difference is above zero with its whole interval; null where it has none. */
export function isGain(difference: Difference | undefined): boolean | null {
  if (difference?.auc === undefined || difference.auc === null || difference.aucInterval === null) return null;
  return difference.aucInterval[0] > 0;
}

import {
  auc,
  brierScore,
  expectedCalibrationError,
  groupedAuc,
  logLoss,
  percentileInterval,
  relativeCrossEntropy,
  reliabilityDiagram,
  type Resampled,
} from '@expctr/ctr-models';
import type { PredictorMetrics } from '../figures/predictors.js';
import type { TestPredictions } from '../read/test-predictions.js';
import { definedOr } from '../statistics/defined-or.js';

/** The paper's backbone without explanations; relative gains count over the better one. */
const backbones = ['id-only', 'id-only-full'] as const;

/** Figures of every predictor, from the probabilities as stored, and the backbone that relative gains are measured against. */
export function predictorMetrics(
  { label, user, models }: TestPredictions,
  resampled: ReadonlyMap<string, Resampled>,
): { readonly predictors: Record<string, PredictorMetrics>; readonly backbone: string | null } {
  const areas = new Map([...models].map(([model, p]) => [model, definedOr(() => auc(label, p))]));
  const backbone = backbones
    .filter((model) => models.has(model))
    .reduce<string | null>((best, model) => (best === null || (areas.get(model) ?? 0) > (areas.get(best) ?? 0) ? model : best), null);
  const base = backbone === null ? null : (areas.get(backbone) ?? null);

  const predictors: Record<string, PredictorMetrics> = {};
  for (const [model, p] of models) {
    const area = areas.get(model) ?? null;
    const grouped = definedOr(() => groupedAuc(label, p, user).auc);
    const draws = resampled.get(model);
    const reasons = [
      area === null ? 'auc, relativeCrossEntropy: all test rows have the same label' : null,
      grouped === null ? 'groupedAuc: no user has test rows of both labels' : null,
      relaImpr(area, base) === null ? `relaImpr: ${whyNoRelaImpr(area, base)}` : null,
    ].filter((reason) => reason !== null);
    predictors[model] = {
      auc: area,
      aucInterval: draws === undefined || area === null ? null : percentileInterval(draws.auc),
      groupedAuc: grouped,
      groupedAucInterval: draws === undefined || grouped === null ? null : percentileInterval(draws.groupedAuc),
      logLoss: logLoss(label, p),
      logLossInterval: draws === undefined ? null : percentileInterval(draws.logLoss),
      relativeCrossEntropy: definedOr(() => relativeCrossEntropy(label, p)),
      brier: brierScore(label, p),
      calibrationError: expectedCalibrationError(label, p),
      reliability: reliabilityDiagram(label, p, { bins: 10, strategy: 'quantile' }),
      relaImpr: relaImpr(area, base),
      ...(reasons.length === 0 ? {} : { reason: reasons.join('; ') }),
    };
  }
  return { predictors, backbone };
}

/** Relative improvement over a random ranker (Yan et al. 2014): (AUC - 0.5) / (AUC of the base - 0.5) - 1. */
function relaImpr(area: number | null, base: number | null): number | null {
  return area === null || base === null || base <= 0.5 ? null : (area - 0.5) / (base - 0.5) - 1;
}

function whyNoRelaImpr(area: number | null, base: number | null): string {
  if (area === null) return 'auc is undefined';
  return base === null ? 'the run has neither id-only nor id-only-full' : 'the backbone ranks no better than chance';
}

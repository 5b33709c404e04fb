import { auc, percentileInterval, type Resampled } from '@expctr/ctr-models';
import { CURVE_PREDICTORS, curvePoint, rowsOf } from '@expctr/data';
import type { CurvePoint } from '../figures/predictors.js';
import type { RunData } from '../read/run-data.js';
import { definedOr } from '../statistics/defined-or.js';

/** A model of the curve: what it predicts, and its AUC in every resample. */
interface Point {
  readonly predictor: string;
  readonly rows: number;
  readonly area: number | null;
  readonly draws: Float64Array;
}

/**
 * AUC on the test rows of each predictor by the number of CTR rows that it was fitted on, and its difference to id-history on as many.
 * @param resampled of the curve's models and of those that were fitted on the whole slice, from the same draws
 */
export function learningCurveMetrics(
  { predictions, learningCurve, interactions }: RunData,
  resampled: ReadonlyMap<string, Resampled>,
): Record<string, CurvePoint[]> {
  if (learningCurve.size === 0) return {};
  const whole = rowsOf(interactions, 'train', 'ctr').length;
  const points = [...learningCurve, ...predictions.models].map(([model, probability]): Point => {
    const { predictor, rows } = (learningCurve.has(model) ? curvePoint(model) : null) ?? { predictor: model, rows: whole };
    const area = definedOr(() => auc(predictions.label, probability));
    return { predictor, rows, area, draws: resampled.get(model)?.auc ?? new Float64Array() };
  });
  const known = CURVE_PREDICTORS.filter((predictor) => points.some((point) => point.predictor === predictor));
  return Object.fromEntries(
    known.map((predictor) => {
      const own = points.filter((point) => point.predictor === predictor).sort((a, b) => a.rows - b.rows);
      return [predictor, own.map((point) => figures(point, points))];
    }),
  );
}

function figures({ predictor, rows, area, draws }: Point, points: readonly Point[]): CurvePoint {
  const history = predictor === 'id-history' ? undefined : points.find((other) => other.predictor === 'id-history' && other.rows === rows);
  const over = history === undefined || area === null || history.area === null ? null : area - history.area;
  return {
    rows,
    auc: area,
    aucInterval: area === null ? null : percentileInterval(draws),
    overHistory: over,
    overHistoryInterval: over === null ? null : percentileInterval(draws.map((value, at) => value - history!.draws[at]!)),
  };
}

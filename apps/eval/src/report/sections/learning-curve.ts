import type { Metrics } from '../../figures/metrics.js';
import type { CurvePoint } from '../../figures/predictors.js';
import { lineChart, type ChartPoint } from '../charts.js';
import { count, fixed, intervalText, signed } from '../format.js';
import { html, type Html } from '../html.js';
import { figure, section, table } from './section.js';

/** What explanations are worth by the number of CTR rows; null where the run has no learning curve. */
export async function learningCurveSection({ learningCurve }: Metrics): Promise<Html | null> {
  const predictors = Object.entries(learningCurve);
  if (predictors.length === 0) return null;
  const points = (figureOf: (predictor: string, point: CurvePoint) => number | null): ChartPoint[] =>
    predictors.flatMap(([line, own]) =>
      own.flatMap((point) => {
        const y = figureOf(line, point);
        return y === null ? [] : [{ x: point.rows, y, line }];
      }),
    );
  const over = points((line, { overHistory }) => (line === 'id-history' ? 0 : overHistory));
  const axes = { x: 'CTR rows', logarithmic: true, dots: true, height: 220 } as const;
  const sizes = [...new Set(predictors.flatMap(([, own]) => own.map(({ rows }) => rows)))];
  const rows = predictors.map(([predictor, own]) => {
    const cells = sizes.map((size) => {
      const found = own.find((point) => point.rows === size);
      return html`<td class="number">
        <b>${fixed(found?.auc)}</b><small>${intervalText(found?.aucInterval)}</small>${
          (found?.overHistory ?? null) !== null &&
          html`<small>${signed(found?.overHistory)} ${intervalText(found?.overHistoryInterval, signed)}</small>`
        }
      </td>`;
    });
    return html`<tr>
      <td class="model"><b>${predictor}</b></td>
      ${cells}
    </tr>`;
  });
  return section(
    'learning-curve',
    'By the number of CTR rows',
    'Each predictor fitted anew on a random part of the CTR slice, the same part for all; a larger part holds the smaller ones, and the last is the whole slice. Below each AUC the paired difference to id-history on as many rows. Explanations are those of the final policy throughout.',
    html`<div class="figures">
      ${figure('AUC on test rows', await lineChart({ points: points((_, { auc }) => auc), y: 'AUC', ...axes }))}
      ${figure('Over id-history', await lineChart({ points: over, y: 'AUC difference', dashed: ['id-history'], ...axes }))}
    </div>`,
    table(['Predictor', ...sizes.map((size) => `${count(size)} rows`)], rows),
  );
}

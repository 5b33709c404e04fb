import type { Metrics } from '../../figures/metrics.js';
import { lineChart, type ChartPoint } from '../charts.js';
import type { Html } from '../html.js';
import { predictorName } from '../predictor-names.js';
import { figure, section } from './section.js';

const DIAGONAL = 'calibrated';

/** Reliability diagram of the results and of the strongest opponent; null where the run has none of them. */
export async function reliabilitySection({ predictors, strongestOpponent }: Metrics): Promise<Html | null> {
  const shown = Object.entries(predictors).filter(([model]) => predictorName(model).isResult === true || model === strongestOpponent);
  if (shown.length === 0) return null;
  const points: ChartPoint[] = [
    { x: 0, y: 0, line: DIAGONAL },
    { x: 1, y: 1, line: DIAGONAL },
    ...shown.flatMap(([line, { reliability }]) =>
      reliability.map(({ meanProbability, positiveShare }) => ({ x: meanProbability, y: positiveShare, line })),
    ),
  ];
  return section(
    'reliability',
    'Whether probabilities mean what they say',
    'The test rows of each predictor in ten bins of equal mass: the share of positives over the mean probability. On the dashed line both are the same; below it a predictor promises too much.',
    figure(
      'Reliability diagram',
      await lineChart({
        points,
        x: 'mean probability',
        y: 'share of positives',
        dashed: [DIAGONAL],
        shares: true,
        dots: true,
        height: 260,
      }),
    ),
  );
}

import type { Interval } from '../../figures/interval.js';
import type { Metrics } from '../../figures/metrics.js';
import type { PredictorMetrics } from '../../figures/predictors.js';
import { fixed, intervalText, signedPercent } from '../format.js';
import { html, type Html } from '../html.js';
import { barScale, intervalBar } from '../interval-bar.js';
import { groupedModels, predictorName } from '../predictor-names.js';
import { section, table } from './section.js';

/** The table of predictors, in a fixed order, intervals drawn on one scale. */
export function predictorsSection({ predictors, backbone, strongestOpponent, ceiling }: Metrics): Html {
  const entries = Object.entries(predictors);
  const limits = ceilings(ceiling);
  const scale = barScale(
    [
      ...entries.map(([, { auc, aucInterval }]) => ({ point: auc, interval: aucInterval })),
      ...limits.map(({ auc, interval }) => ({ point: auc, interval })),
    ],
    0.5,
  );
  const rows = groupedModels(Object.keys(predictors)).flatMap(({ group, models }) => [
    groupRow(group),
    ...models.map((model) => row(model, predictors[model])),
  ]);
  function row(model: string, figures: PredictorMetrics | undefined): Html | null {
    if (figures === undefined) return null;
    const [isBackbone, isStrongest] = [model === backbone, model === strongestOpponent];
    const { isResult = false, description } = predictorName(model);
    const tone = isResult ? 'accent' : isBackbone || isStrongest ? 'base' : '';
    const chips = [...(isStrongest ? ['strongest opponent'] : []), ...(isBackbone ? ['better ID-only'] : [])];
    return html`<tr>
      <td class="model">
        <b dir="auto">${model}</b>${chips.map((chip) => html` <span class="chip">${chip}</span>`)}<small>${description}</small>
      </td>
      <td class="number"><b>${fixed(figures.auc)}</b><small>${intervalText(figures.aucInterval)}</small></td>
      <td class="bars">${intervalBar(figures.auc, figures.aucInterval, scale, tone)}</td>
      <td class="number">${fixed(figures.groupedAuc)}</td>
      <td class="number">${fixed(figures.logLoss)}</td>
      <td class="number">${fixed(figures.relativeCrossEntropy, 1)}</td>
      <td class="number">${fixed(figures.calibrationError)}</td>
      <td class="number">${signedPercent(figures.relaImpr)}</td>
    </tr>`;
  }
  const reasons = [...new Set(entries.map(([, { reason }]) => reason).filter((reason) => reason !== undefined))];
  return section(
    'predictors',
    'Predictors on test rows',
    'In a fixed order, not by AUC: where intervals overlap, nothing is ranked. The thin line on each bar is AUC 0.5.',
    table(
      ['Predictor', 'AUC', '', 'AUC within users', 'Log loss', 'RCE, %', 'Calibration error', 'RelaImpr'],
      [
        ...rows,
        limits.length > 0 && groupRow('Ceilings of this simulated world'),
        ...limits.map(
          ({ name, description, auc, interval }) =>
            html`<tr>
              <td class="model"><b>${name}</b><small>${description}</small></td>
              <td class="number"><b>${fixed(auc)}</b><small>${intervalText(interval)}</small></td>
              <td class="bars">${intervalBar(auc, interval, scale, '')}</td>
              <td colspan="5"></td>
            </tr>`,
        ),
      ],
    ),
    html`<p class="note">${clearOfAll(predictors)}</p>`,
    reasons.map((reason) => html`<p class="note">Undefined: ${reason}.</p>`),
  );
}

function groupRow(group: string): Html {
  return html`<tr class="group">
    <th colspan="8" scope="rowgroup">${group}</th>
  </tr>`;
}

interface Limit {
  readonly name: string;
  readonly description: string;
  readonly auc: number | null;
  readonly interval: Interval | null;
}

/** What no predictor can surpass but by chance; only a simulated world knows it. */
function ceilings(ceiling: Metrics['ceiling']): Limit[] {
  if (ceiling === null) return [];
  return [
    {
      name: 'visible history',
      description: 'estimate of the best prediction from the history that the prompt shows',
      auc: ceiling.historyAuc,
      interval: ceiling.historyAucInterval,
    },
    {
      name: 'Bayes-optimal',
      description: 'the probabilities that the labels were drawn with',
      auc: ceiling.bayesAuc,
      interval: ceiling.bayesAucInterval,
    },
  ];
}

/** The only ranking there is: a predictor whose interval lies above that of every other. */
function clearOfAll(predictors: Readonly<Record<string, PredictorMetrics>>): string {
  const intervals = Object.entries(predictors).flatMap(([model, { aucInterval }]) =>
    aucInterval === null ? [] : [[model, aucInterval] as const],
  );
  const above = ([, a]: readonly [string, Interval], [, b]: readonly [string, Interval]): boolean => a[0] > b[1];
  const best = intervals.length < 2 ? undefined : intervals.find((one) => intervals.every((other) => one === other || above(one, other)));
  return best === undefined
    ? 'No predictor’s interval lies above that of every other.'
    : `The interval of ${best[0]} lies above that of every other predictor.`;
}

import type { Metrics } from '../figures/metrics.js';
import { fixed, intervalText, signed } from './format.js';
import { headline } from './headline.js';
import { html, type Html } from './html.js';
import { barScale, intervalBar } from './interval-bar.js';
import { page } from './page.js';
import { groupedModels, predictorName } from './predictor-names.js';
import { section, table } from './sections/section.js';

/** A run by the name under which it is compared. */
export interface NamedMetrics {
  readonly name: string;
  readonly metrics: Metrics;
}

/** Several runs side by side: every predictor's AUC with its interval, and every comparison. */
export function comparisonPage(runs: readonly NamedMetrics[]): string {
  const title = `ExpCTR: ${runs.length} runs compared`;
  const findings = runs.map(
    ({ name, metrics }) =>
      html`<tr>
        <td class="model"><b dir="auto">${name}</b></td>
        <td>${headline(metrics).sentence}</td>
      </tr>`,
  );
  return page(title, [
    html`<header class="neutral">
      <h1>${title}</h1>
      <p class="detail">
        Intervals are 95 %, from a bootstrap over users. Runs on different test rows are not paired: compare their differences, not their
        AUCs.
      </p>
    </header>`,
    section('findings', 'What each run found', null, table(['Run', 'Finding'], findings)),
    aucSection(runs),
    differenceSection(runs),
  ]);
}

function aucSection(runs: readonly NamedMetrics[]): Html {
  const figures = runs.flatMap(({ metrics }) => Object.values(metrics.predictors));
  const scale = barScale(
    figures.map(({ auc, aucInterval }) => ({ point: auc, interval: aucInterval })),
    0.5,
  );
  const models = [...new Set(runs.flatMap(({ metrics }) => Object.keys(metrics.predictors)))];
  const rows = groupedModels(models).flatMap((group) => [
    html`<tr class="group">
      <th colspan="${runs.length + 1}">${group.group}</th>
    </tr>`,
    ...group.models.map(
      (model) =>
        html`<tr>
          <td class="model"><b dir="auto">${model}</b><small>${predictorName(model).description}</small></td>
          ${runs.map(({ metrics }) => {
            const found = metrics.predictors[model];
            return html`<td class="bars">
              <b>${fixed(found?.auc)}</b>
              <span class="note">${found ? intervalText(found.aucInterval) : 'absent'}</span
              >${found && intervalBar(found.auc, found.aucInterval, scale, predictorName(model).isResult === true ? 'accent' : '')}
            </td>`;
          })}
        </tr>`,
    ),
  ]);
  return section(
    'predictors',
    'AUC on test rows',
    'On one scale; the thin line is AUC 0.5.',
    table(['Predictor', ...runs.map(({ name }) => name)], rows),
  );
}

function differenceSection(runs: readonly NamedMetrics[]): Html {
  const all = runs.flatMap(({ metrics }) => Object.values(metrics.differences).flatMap((against) => Object.values(against)));
  const scale = barScale(
    all.map(({ auc, aucInterval }) => ({ point: auc, interval: aucInterval })),
    0,
  );
  const pairs = [
    ...new Set(
      runs.flatMap(({ metrics }) =>
        Object.entries(metrics.differences).flatMap(([model, against]) => Object.keys(against).map((name) => `${model}\n${name}`)),
      ),
    ),
  ];
  const rows = pairs.map((pair) => {
    const [model = '', name = ''] = pair.split('\n');
    return html`<tr>
      <td class="model"><b>${model}</b> − <b>${name}</b></td>
      ${runs.map(({ metrics }) => {
        const found = metrics.differences[model]?.[name];
        const [low, high] = found?.aucInterval ?? [0, 0];
        const tone = low > 0 ? 'up' : high < 0 ? 'down' : '';
        return html`<td class="bars">
          <b>${signed(found?.auc)}</b>
          <span class="note">${found ? intervalText(found.aucInterval, signed) : 'absent'}</span
          >${found && intervalBar(found.auc, found.aucInterval, scale, tone)}
        </td>`;
      })}
    </tr>`;
  });
  return section(
    'differences',
    'Differences within each run',
    'Paired over the same resampled users; the thin line is no difference.',
    table(['Comparison', ...runs.map(({ name }) => name)], rows),
  );
}

import type { Metrics } from '../../figures/metrics.js';
import { count, fixed, intervalText } from '../format.js';
import { html, type Html } from '../html.js';
import { barScale, intervalBar } from '../interval-bar.js';
import { nothing, section, table } from './section.js';

/** How well each form of the LC prompt reads. */
export function readerSection({ readerCheck }: Metrics): Html {
  const lead =
    'AUC with which the frozen model tells statements for an item from statements against it: statements that give reasons only, and verdicts, apart.';
  if (readerCheck === null) return section('reader', 'Reader check', lead, nothing('The log holds no reader check.'));
  const { forms, skipped, chosen, passed } = readerCheck;
  const bars = forms.flatMap((form) => [
    { point: form.aucReasons, interval: form.aucReasonsInterval },
    { point: form.aucVerdict, interval: form.aucVerdictInterval },
  ]);
  const scale = barScale(bars, 0.5);
  const rows = forms.map(
    (form) =>
      html`<tr>
        <td class="model">
          <b>${form.form}</b>${form.form === chosen && html` <span class="chip">chosen</span>`}<small
            >${form.statements !== null && `${count(form.statements)} statements`}</small
          >
        </td>
        <td class="number"><b>${fixed(form.aucReasons)}</b><small>${intervalText(form.aucReasonsInterval)}</small></td>
        <td class="bars">${intervalBar(form.aucReasons, form.aucReasonsInterval, scale, form.form === chosen ? 'accent' : '')}</td>
        <td class="number"><b>${fixed(form.aucVerdict)}</b><small>${intervalText(form.aucVerdictInterval)}</small></td>
        <td class="bars">${intervalBar(form.aucVerdict, form.aucVerdictInterval, scale, '')}</td>
      </tr>`,
  );
  return section(
    'reader',
    'Reader check',
    lead,
    html`<p>
      <span class="chip ${passed ? 'up' : 'down'}">${passed ? 'passed' : 'not passed'}</span> in the form
      <b>${chosen}</b>.${!passed && ' Rewards from a reader that cannot read are noise.'}
    </p>`,
    table(['Form', 'Reasons only', '', 'Verdicts', ''], rows),
    skipped.map(({ form, reason }) => html`<p class="note">Skipped: <b>${form}</b>, ${reason}.</p>`),
  );
}

/** AUC of p_LC on the rows that the policy learned from, beside rows that it did not. */
export function auditSection({ audit }: Metrics): Html {
  const names = { policy: 'Policy slice (learned from)', ctr: 'CTR slice', valid: 'Validation', test: 'Test' } as const;
  const entries = Object.entries(names).map(([set, name]) => ({ name, row: audit[set as keyof typeof names] }));
  const scale = barScale(
    entries.map(({ row }) => ({ point: row.auc, interval: row.aucInterval })),
    0.5,
  );
  const rows = entries.map(
    ({ name, row }) =>
      html`<tr>
        <td class="model"><b>${name}</b><small>${count(row.rows)} rows</small></td>
        <td class="number"><b>${fixed(row.auc)}</b><small>${row.reason ?? intervalText(row.aucInterval)}</small></td>
        <td class="bars">${intervalBar(row.auc, row.aucInterval, scale, 'accent')}</td>
      </tr>`,
  );
  return section(
    'audit',
    'Leakage audit',
    'AUC of p_LC with the final policy’s explanations. A policy that carries labels of its own rows reads better there than on rows it never saw.',
    table(['Rows', 'AUC', ''], rows),
  );
}

import type { Metrics } from '../../figures/metrics.js';
import { distinctComparisons, standingOf } from '../../metrics/differences.js';
import { fixed, intervalText, signed } from '../format.js';
import { html, type Html } from '../html.js';
import { barScale, intervalBar } from '../interval-bar.js';
import { section, table } from './section.js';

const roleNames: Readonly<Record<string, string>> = { opponent: 'strongest opponent', backbone: 'better ID-only' };
const tones = { above: 'up', below: 'down', level: '' } as const;

/** Paired differences, on one scale. */
export function differencesSection({ differences }: Metrics): Html {
  const comparisons = distinctComparisons(differences);
  const scale = barScale(
    comparisons.map(({ difference }) => ({ point: difference.auc, interval: difference.aucInterval })),
    0,
  );
  const rows = comparisons.map(({ model, roles, difference }) => {
    const { against, auc, aucInterval, delongP } = difference;
    const standing = standingOf(difference) ?? 'level';
    return html`<tr>
      <td class="model">
        <b>${model}</b> − <b dir="auto">${against}</b>${roles.map((role) => html` <span class="chip">${roleNames[role] ?? role}</span>`)}
      </td>
      <td class="number"><b>${signed(auc)}</b><small>${intervalText(aucInterval, signed)}</small></td>
      <td class="bars">${intervalBar(auc, aucInterval, scale, tones[standing])}</td>
      <td class="number">${pValue(delongP)}</td>
      <td class="says ${tones[standing]}">${standing === 'level' ? 'not told apart' : standing}</td>
    </tr>`;
  });
  return section(
    'differences',
    'What the comparisons say',
    'Paired AUC differences over the same resampled users. The thin line is no difference; “not told apart” means that the interval holds it; p is DeLong’s, with users as clusters.',
    rows.length === 0
      ? html`<p class="nothing">The predictions hold no pair of models that is compared here.</p>`
      : table(['Comparison', 'AUC difference', '', 'p', ''], rows),
  );
}

function pValue(p: number | null): string {
  return p !== null && p < 0.001 ? '< 0.001' : fixed(p);
}

import type { Interval } from '../../figures/interval.js';
import type { Metrics } from '../../figures/metrics.js';
import { FILES } from '../../read/files.js';
import { count, duration, fixed, intervalText, percent } from '../format.js';
import { html, type Html } from '../html.js';
import { nothing, section, table } from './section.js';

/** Length, truncation and variety of the explanations of every file. */
export function explanationFilesSection({ explanations }: Metrics): Html {
  const rows = Object.entries(explanations).map(
    ([name, file]) =>
      html`<tr>
        <td class="model"><b dir="auto">${name}</b></td>
        <td class="number">${count(file.rows)}</td>
        <td class="number">${fixed(file.meanTokens, 1)}</td>
        <td class="number">${percent(file.cutShare, 1)}</td>
        <td class="number">${percent(file.emptyShare, 1)}</td>
        ${share(file.distinct1, file.distinct1Interval)}${share(file.distinct2, file.distinct2Interval)}${share(file.duplicateShare, file.duplicateShareInterval)}
      </tr>`,
  );
  const lead =
    'Empty: nothing was left for reader and encoder. Distinct-1 and -2: different words and pairs of words over all of them; both fall with the number of rows, so compare files of equal size. Duplicates: rows whose text, as read, stands at another row, too.';
  return section(
    'explanation-files',
    'Explanations in figures',
    lead,
    rows.length === 0
      ? nothing('The run has no explanations.')
      : table(['File', 'Rows', 'Tokens', 'Cut off', 'Empty', 'Distinct-1', 'Distinct-2', 'Duplicates'], rows),
  );
}

function share(value: number | null, interval: Interval | null): Html {
  return html`<td class="number">${percent(value, 1)}<small>${intervalText(interval, (bound) => percent(bound, 1))}</small></td>`;
}

/** Wall time of every part, as timing.jsonl has it. */
export function timingSection(timing: readonly Readonly<Record<string, unknown>>[]): Html {
  const parts = timing.flatMap((line) =>
    typeof line['seconds'] === 'number' && Number.isFinite(line['seconds']) ? [{ line, seconds: line['seconds'] }] : [],
  );
  const longest = Math.max(...parts.map(({ seconds }) => seconds), Number.MIN_VALUE);
  const rows = parts.map(({ line, seconds }) => {
    const more = Object.entries(line).filter(([key]) => key !== 'name' && key !== 'seconds');
    const width = ((100 * seconds) / longest).toFixed(1);
    return html`<tr>
      <td class="model"><b dir="auto">${text(line['name'])}</b></td>
      <td class="number">${duration(seconds)}</td>
      <td class="time"><span style="width:${width}%"></span></td>
      <td class="more">
        ${more.map(([key, value]) => `${key} ${typeof value === 'number' ? shortNumber(value) : text(value)}`).join(' · ')}
      </td>
    </tr>`;
  });
  return section(
    'timing',
    'Time',
    null,
    rows.length === 0 ? nothing(`The run has no ${FILES.timing}.`) : table(['Part', 'Wall time', '', ''], rows),
  );
}

/** The complete configuration, folded. */
export function configurationSection(config: Readonly<Record<string, unknown>>, { counts }: Metrics): Html {
  const facts = Object.entries(counts).map(
    ([name, value]) => html`<span class="fact">${name} <b>${Number.isInteger(value) ? count(value) : fixed(value)}</b></span> `,
  );
  return section(
    'configuration',
    'Data and configuration',
    facts,
    html`<details>
      <summary>${FILES.config}</summary>
      <pre>${JSON.stringify(config, null, 2)}</pre>
    </details>`,
  );
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function shortNumber(value: number): string {
  return Number.isInteger(value) ? count(value) : fixed(value, 2);
}

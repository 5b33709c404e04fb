import type { Metrics } from '../../metrics/metrics.js';
import { count, duration, fixed, percent } from '../format.js';
import { html, type Html } from '../html.js';
import { nothing, section, table } from './section.js';

/** Length, truncation and variety of the explanations of every file. */
export function explanationFilesSection({ explanations }: Metrics): Html {
  const rows = Object.entries(explanations).map(
    ([name, { rows: n, meanTokens, cutShare, emptyShare, distinctShare }]) =>
      html`<tr>
        <td class="model"><b dir="auto">${name}</b></td>
        <td class="number">${count(n)}</td>
        <td class="number">${fixed(meanTokens, 1)}</td>
        <td class="number">${percent(cutShare, 1)}</td>
        <td class="number">${percent(emptyShare, 1)}</td>
        <td class="number">${percent(distinctShare, 1)}</td>
      </tr>`,
  );
  const lead = 'Empty: nothing was left for reader and encoder. Different: distinct texts, as read, over rows.';
  return section(
    'explanation-files',
    'Explanations in figures',
    lead,
    rows.length === 0 ? nothing('The run has no explanations.') : table(['File', 'Rows', 'Tokens', 'Cut off', 'Empty', 'Different'], rows),
  );
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
    rows.length === 0 ? nothing('The run has no timing.jsonl.') : table(['Part', 'Wall time', '', ''], rows),
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
      <summary>config.json</summary>
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

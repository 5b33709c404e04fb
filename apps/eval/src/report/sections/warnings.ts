import type { RunWarning } from '../../figures/metrics.js';
import { html, type Html } from '../html.js';

const shown = 12;

/** Warnings of the run and of its figures, equal ones counted once. */
export function warningsSection(warnings: readonly RunWarning[]): Html | null {
  if (warnings.length === 0) return null;
  const counts = new Map<string, { readonly line: RunWarning; times: number }>();
  for (const line of warnings) {
    const key = `${line.code}\n${line.message}`;
    const found = counts.get(key);
    if (found === undefined) counts.set(key, { line, times: 1 });
    else found.times += 1;
  }
  const entries = [...counts.values()];
  const items = entries.map(
    ({ line, times }) => html`<li><code>${line.code}</code> ${line.message}${times > 1 && html` <b>(${times} times)</b>`}</li>`,
  );
  return html`<section id="warnings" class="warnings">
    <h2>Warnings</h2>
    <ul>
      ${items.slice(0, shown)}
    </ul>
    ${
      items.length > shown &&
      html`<details>
        <summary>${items.length - shown} more</summary>
        <ul>
          ${items.slice(shown)}
        </ul>
      </details>`
    }
  </section>`;
}

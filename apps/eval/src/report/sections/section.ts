import type { Interval } from '../../figures/interval.js';
import { fixed, intervalText } from '../format.js';
import { html, type Content, type Html } from '../html.js';

/** A section of the page with a heading and a line that says how to read it. */
export function section(id: string, title: string, lead: Content, ...content: readonly Content[]): Html {
  return html`<section id="${id}">
    <h2>${title}</h2>
    ${lead !== null && lead !== '' && html`<p class="lead">${lead}</p>`}${content}
  </section>`;
}

/** Says plainly that there is nothing to show, and why. */
export function nothing(why: string): Html {
  return html`<p class="nothing">${why}</p>`;
}

/** A chart with its caption. */
export function figure(title: string, chart: Html, note: Content = null): Html {
  return html`<figure>
    <figcaption>${title}${note !== null && html` <span class="note">${note}</span>`}</figcaption>
    ${chart}
  </figure>`;
}

/** A table that scrolls sideways on narrow screens. */
export function table(head: readonly Content[], rows: readonly Content[]): Html {
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${head.map((cell) => html`<th>${cell}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

/** A cell of a table: a figure with its interval below it. */
export function estimate(value: number | null, interval: Interval | null, digits = 3): Html {
  return html`<td class="number">
    <b>${fixed(value, digits)}</b><small>${value !== null && intervalText(interval, (bound) => fixed(bound, digits))}</small>
  </td>`;
}

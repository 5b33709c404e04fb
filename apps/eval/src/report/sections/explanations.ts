import { FINAL, POST_HOC } from '@expctr/run';
import { FILES } from '../../read/files.js';
import type { ShownInteraction, ShownText } from '../pick-explanations.js';
import { fixed } from '../format.js';
import { html, type Html } from '../html.js';
import { nothing, section } from './section.js';

const longest = 1_500;

/** Explanations of the trained policy beside those of the base model. All texts are data. */
export function explanationsSection(rows: readonly ShownInteraction[]): Html {
  const test = rows.filter(({ split }) => split === 'test').length;
  const lead = `${rows.length} interactions drawn at random${test === rows.length ? ' from the test rows' : ` (${test} of them test rows)`}: what the trained policy wrote, beside what the base model wrote before any reinforcement learning. p is the chance of a click that each predictor sees.`;
  if (rows.length === 0)
    return section(
      'explanations',
      'Explanations',
      null,
      nothing(`The run has no interaction that both ${FILES.explanations(FINAL)} and ${FILES.explanations(POST_HOC)} explain.`),
    );
  return section('explanations', 'Explanations', lead, html`<div class="cards">${rows.map(card)}</div>`);
}

function card({ interactionId, split, item, liked, disliked, label, trained, postHoc, click }: ShownInteraction): Html {
  const attributes = Object.values(item.attributes).flat().join(', ');
  return html`<article>
    <h3><bdi>${item.title}</bdi> <span class="chip ${label === 1 ? 'up' : 'down'}">${label === 1 ? 'chosen' : 'not chosen'}</span></h3>
    <p class="note"><bdi>${attributes}</bdi>${attributes !== '' && ' · '}${split} row ${interactionId}</p>
    <dl>${past('Liked before', liked)}${past('Disliked before', disliked)}</dl>
    <div class="pair">${side('Trained policy', trained)}${side('Base model, post hoc', postHoc)}</div>
    <div class="chances">
      ${chance('p_LC, trained', trained.lc, label)}${chance('p_LC, base', postHoc.lc, label)}${Object.entries(click).map(([model, p]) => chance(model, p, label))}
    </div>
  </article>`;
}

function past(name: string, titles: readonly string[]): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${titles.length === 0 ? 'none shown' : titles.map((title, at) => html`${at > 0 && ' · '}<bdi>${title}</bdi>`)}</dd>
  </div>`;
}

function side(name: string, { generated, read, cut }: ShownText): Html {
  const changed = generated.trim() !== read.trim();
  return html`<div class="side">
    <h4>${name}</h4>
    <blockquote dir="auto">
      ${generated.trim() === '' ? html`<i>nothing</i>` : html`<span class="text">${clip(generated.trim())}</span>`}${cut && html`<span class="note"> (ran out of room)</span>`}
    </blockquote>
    ${changed && html`<p class="read"><b>Read as:</b> <bdi>${read.trim() === '' ? html`<i>nothing was left</i>` : clip(read)}</bdi></p>`}
  </div>`;
}

/** A probability as a small bar, colored by whether it leans to what the user did. */
function chance(name: string, p: number | null, label: number): Html | null {
  if (p === null) return null;
  const right = p > 0.5 === (label === 1);
  return html`<span class="chance ${right ? 'up' : 'down'}"
    ><span class="name">${name}</span><span class="track"><span style="width:${(100 * p).toFixed(1)}%"></span></span
    ><b>${fixed(p, 2)}</b></span
  >`;
}

function clip(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}

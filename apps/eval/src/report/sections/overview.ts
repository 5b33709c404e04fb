import type { Metrics } from '../../figures/metrics.js';
import { headline } from '../headline.js';
import { count, fixed, intervalText, signed } from '../format.js';
import { html, type Content, type Html } from '../html.js';

/** The finding, which model and data it is about, and four figures. */
export function overview(metrics: Metrics, config: Readonly<Record<string, unknown>>): Html {
  const { sentence, detail, tone } = headline(metrics);
  const { counts, predictors, strongestOpponent, differences } = metrics;
  const [aug, llm] = [predictors['expctr-aug'], predictors['expctr-llm']];
  const opponent = strongestOpponent === null ? undefined : predictors[strongestOpponent];
  const gain = differences['expctr-aug']?.['opponent'];
  return html`<header class="${tone}">
      <h1>${sentence}</h1>
      <p class="detail">${detail}</p>
      <p class="about">${about(config, metrics)}</p>
    </header>
    <div class="tiles">
      ${tile('ExpCTR-Aug', fixed(aug?.auc), intervalText(aug?.aucInterval))}
      ${tile('ExpCTR-LLM', fixed(llm?.auc), intervalText(llm?.aucInterval))}
      ${tile(`Strongest opponent${strongestOpponent === null ? '' : ` (${strongestOpponent})`}`, fixed(opponent?.auc), intervalText(opponent?.aucInterval))}
      ${tile('ExpCTR-Aug − opponent', signed(gain?.auc), intervalText(gain?.aucInterval, signed))}
    </div>
    <p class="lead">
      AUC on ${count(counts['testRows'] ?? 0)} test rows of ${count(counts['testUsers'] ?? 0)} users, ${count(counts['testPositives'] ?? 0)}
      of them positive. Brackets hold 95 % intervals from a bootstrap over users.
    </p>`;
}

function tile(name: string, figure: string, interval: string): Html {
  return html`<div class="tile">
    <span class="name">${name}</span><span class="figure">${figure}</span><span class="interval">${interval}</span>
  </div>`;
}

function about(config: Readonly<Record<string, unknown>>, { historyBackbone }: Metrics): Content {
  const model = (key: string): unknown => (config[key] as Record<string, unknown> | undefined)?.['model'];
  const ctr = (config['ctr'] as Record<string, unknown> | undefined)?.['backbone'];
  const facts: readonly (readonly [string, unknown])[] = [
    ['data', config['dataset']],
    ['language model', model('llm')],
    ['encoder', model('encoder')],
    ['ID-only model', ctr],
    ['explanations added to', historyBackbone?.candidates[historyBackbone.chosen]?.backbone],
    ['repetitions', config['iterations']],
    ['seed', config['seed']],
  ];
  const known = facts.filter(([, value]) => typeof value === 'string' || typeof value === 'number');
  return known.map(([name, value], at) => html`${at > 0 && ' · '}<span class="fact">${name} <b>${shortName(String(value))}</b></span>`);
}

/** The last two parts of a path or hub id, a commit behind it cut as git cuts it: a machine's folders are nobody's business. */
function shortName(value: string): string {
  return value
    .split(/[\\/]/u)
    .filter((part) => part !== '')
    .slice(-2)
    .join('/')
    .replace(/@([0-9a-f]{7})[0-9a-f]{33}$/u, '@$1');
}

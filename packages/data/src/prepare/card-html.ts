import { printableLines } from '@expctr/core';
import { tailPlot } from './card-plot.js';
import type { CardSplit, DatasetCard } from './card.js';

const STYLE = `:root{color-scheme:light dark;--line:#8884}body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin-bottom:0}h2{font-size:1.1rem;margin-top:2rem}.sub{color:#888;margin-top:0}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .7rem;border-bottom:1px solid var(--line);text-align:right}th:first-child,td:first-child{text-align:left}
pre,code{font:13px/1.4 ui-monospace,monospace}pre{overflow:auto;border:1px solid var(--line);padding:.7rem}.fail{border-left:4px solid #c33;padding:.3rem .8rem}
svg{max-width:100%;height:auto}.wrap{overflow-x:auto;overflow-wrap:anywhere}`;

/** The card as a page that needs nothing beside it. The same card gives the same page. */
export function cardHtml(card: DatasetCard): string {
  const { dataset, rows, users, items, timeRange, label, history, longTail } = card;
  const times = timeRange === null ? 'no times' : `${day(timeRange.from)} to ${day(timeRange.to)}`;
  const rule = label.threshold === null ? label.rule : `${label.rule} ${label.threshold}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(dataset)}: dataset card</title><style>${STYLE}</style></head><body>
<h1>${escaped(dataset)}</h1>
<p class="sub">${count(rows)} rows, ${count(users)} users, ${count(items)} items, ${times}</p>
${failureOf(card)}
<h2>Files</h2>
${table(
  ['file', 'taken for', 'rows read', 'dropped by a rule', 'bad', 'bytes', 'SHA-256'],
  card.files.map(({ file, format, rowsRead, rowsDropped = {}, rowsBad, bytes, sha256 }) => [
    file,
    format ?? '',
    rowsRead,
    Object.values(rowsDropped).reduce((sum, dropped) => sum + dropped, 0),
    rowsBad,
    bytes,
    sha256.slice(0, 16),
  ]),
)}
${badRowsOf(card)}
<h2>Steps</h2>
${table(
  ['step', 'rows', 'users', 'items', 'dropped', 'added'],
  card.steps.map(({ step, rows: left, users: u, items: i, dropped, added = 0 }) => [step, left, u, i, dropped, added]),
)}
<h2>Splits</h2>
${table(
  ['split', 'rows', 'users', 'label rate', 'from', 'to', 'rows of cold users', 'of cold items'],
  [...Object.entries(card.splits), ...Object.entries(card.slices).map(([name, slice]) => [`train: ${name}`, slice] as const)].map(splitRow),
)}
<p>Label rule: ${escaped(rule)}.${ratesOf(card)}</p>
<p>Histories: ${decimals(history.meanLength, 2)} rows on average, ${count(history.longest)} at most; ${count(history.emptyRows)} rows have none.</p>
<h2>The long tail</h2>
<p>${shareOf(longTail.items.topFifthShare, 'items')} ${shareOf(longTail.users.topFifthShare, 'users')}</p>
${tailPlot(longTail)}
${numbersOf(card)}
<h2>Notes</h2>
${card.notes.length === 0 ? '<p>None.</p>' : `<ul>${card.notes.map((note) => `<li>${escaped(note)}</li>`).join('')}</ul>`}
<h2>Configuration</h2>
<p class="wrap">Inputs: <code>${escaped(card.inputsSha256)}</code> (SHA-256 of the files' hashes and names)</p>
<pre>${escaped(JSON.stringify(card.configuration, null, 2))}</pre>
</body></html>
`;
}

const count = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/gu, ',');
const decimals = (value: number | null, places: number): string => (value === null ? '–' : value.toFixed(places));
const day = (time: string | undefined): string => time?.slice(0, 10) ?? '–';
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
/** Text between tags; none goes into an attribute. */
const escaped = (text: string): string => printableLines(text).replace(/[&<>]/gu, (character) => ENTITIES[character]!);

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const row = (cells: readonly (string | number)[], tag: string): string =>
    `<tr>${cells.map((cell) => `<${tag}>${typeof cell === 'number' ? count(cell) : escaped(cell)}</${tag}>`).join('')}</tr>`;
  return `<div class="wrap"><table>${row(head, 'th')}${rows.map((cells) => row(cells, 'td')).join('')}</table></div>`;
}

function splitRow([name, split]: readonly [string, CardSplit]): (string | number)[] {
  const { rows, users, labelRate, timeRange, coldUserRows, coldItemRows } = split;
  return [name, rows, users, decimals(labelRate, 4), day(timeRange?.from), day(timeRange?.to), coldUserRows, coldItemRows];
}

function failureOf({ failure, configuration }: DatasetCard): string {
  if (failure === undefined) return '';
  return `<p class="fail">No row was left at ${escaped(failure.option)} = ${configuration.data.kCore}. The largest value that leaves rows is ${failure.largest}.</p>`;
}

function badRowsOf({ files }: DatasetCard): string {
  const rows = files.flatMap(({ file, badRows }) =>
    badRows.map(({ line, column, problem, expected, text }) => [`${file}:${line}:${column}`, problem, expected, text]),
  );
  return rows.length === 0 ? '' : `<p>The first bad rows:</p>${table(['where', 'what', 'expected', 'text'], rows)}`;
}

function ratesOf({ labelRateAtThreshold }: DatasetCard): string {
  const rates = Object.entries(labelRateAtThreshold).sort(([a], [b]) => Number(a) - Number(b));
  if (rates.length === 0) return '';
  return ` Label rate by threshold: ${rates.map(([threshold, rate]) => `${threshold}: ${decimals(rate, 4)}`).join(', ')}.`;
}

function shareOf(share: number | null, what: string): string {
  return share === null ? '' : `The most frequent fifth of the ${what} has ${decimals(100 * share, 1)} % of the train rows.`;
}

function numbersOf({ numbers }: DatasetCard): string {
  const rows = Object.entries(numbers).map(([name, { mean, deviation, known }]) => [
    name,
    decimals(mean, 4),
    decimals(deviation, 4),
    known,
  ]);
  return rows.length === 0 ? '' : `<h2>Numbers, over train rows</h2>${table(['feature', 'mean', 'deviation', 'rows that know it'], rows)}`;
}

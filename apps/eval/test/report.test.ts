import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CURVE_PREDICTORS, PREDICTORS } from '@expctr/data';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { evaluateRun } from '../src/index.js';
import { readRun } from '../src/read/run-data.js';
import { html, trusted } from '../src/report/html.js';
import { pickExplanations } from '../src/report/pick-explanations.js';
import { lineChart } from '../src/report/charts.js';
import { fixed, signed } from '../src/report/format.js';
import { syntheticRun, type SyntheticRun } from './synthetic-run.js';

const folders: string[] = [];
async function reportOf(options: SyntheticRun): Promise<string> {
  const folder = await syntheticRun(options);
  folders.push(folder);
  await evaluateRun(folder, { resamples: 100 });
  return readFile(join(folder, 'report.html'), 'utf8');
}
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

const firstLine = (report: string): string => /<h1>(.*?)<\/h1>/u.exec(report)?.[1] ?? '';

describe('the first line', () => {
  const weak = Object.fromEntries(PREDICTORS.map((model) => [model, 0.1]));

  test('names the strongest opponent, the difference to it and its interval, and that it is above', async () => {
    const report = await reportOf({ skill: { ...weak, 'expctr-aug': 1.6, 'icl-aug': 0.5 }, users: 100 });
    expect(firstLine(report)).toMatch(
      /^Explanations help: ExpCTR-Aug is above its strongest opponent, icl-aug: \+0\.\d+ AUC \[\+0\.\d+, \+0\.\d+\]\.$/u,
    );
    expect(report.indexOf('<h1>')).toBeLessThan(report.indexOf('<p'));
  });

  test('gives no verdict where the interval holds 0, and says below where it lies under it', async () => {
    const level = { ...weak, 'expctr-aug': 1, 'template-aug': 1 };
    expect(firstLine(await reportOf({ skill: level }))).toMatch(
      /^Not told apart at this size: ExpCTR-Aug and its strongest opponent, template-aug: .* AUC \[−0\.\d+, \+0\.\d+\]\.$/u,
    );
    expect(firstLine(await reportOf({ skill: { ...level, 'template-aug': 3 } }))).toMatch(
      /^Explanations do not help here: ExpCTR-Aug is below its strongest opponent, template-aug: −0\.\d+ AUC \[−0\.\d+, −0\.\d+\]\./u,
    );
  });

  test('is never about a control that the trained explanations are in', async () => {
    const skill = { ...weak, 'expctr-aug': 1.2, 'verdict-aug': 1.2, 'shuffled-aug': 2, 'expctr-llm': 2 };
    const [finding, ...controls] = firstLine(await reportOf({ skill, users: 100 })).split('. ');
    expect(finding).toMatch(/^ExpCTR-Aug is above its strongest opponent/u);
    expect(finding).not.toMatch(/shuffled|verdict|llm/u);
    expect(controls).toEqual(['Whether its explanations carry more than a score is not told apart at this size.']);
  });

  test('says that explanations carry no more than a score only where that is told apart', async () => {
    const below = { ...weak, 'expctr-aug': 1, 'verdict-aug': 3 };
    expect(firstLine(await reportOf({ skill: below, users: 100 }))).toMatch(/\. The explanations carry no more than a score\.$/u);
    const allAlike = Object.fromEntries(PREDICTORS.map((model) => [model, 1]));
    const first = firstLine(await reportOf({ skill: allAlike }));
    expect(first).toMatch(/^Not told apart at this size: /u);
    expect(first).not.toContain('score');
  });

  test('is there for runs of before, which have fewer predictors and no learning curve', async () => {
    const models = ['expctr-aug', 'id-only', 'id-only-full', 'verdict-aug'];
    const report = await reportOf({ skill: { ...weak, 'expctr-aug': 1.6, 'id-only': 0.4 }, models, curve: [], users: 100 });
    expect(firstLine(report)).toMatch(/^Explanations help: ExpCTR-Aug is above its strongest opponent, id-only: /u);
    expect(report).not.toContain('learning-curve');
  });
});

test('the learning curve is shown as charts and as a table, each size with the difference to id-history; reliability beside the diagonal', async () => {
  const report = await reportOf({});
  const section = /<section id="learning-curve">([\s\S]*?)<\/section>/u.exec(report)?.[1] ?? '';
  expect(section.match(/<svg/gu)).toHaveLength(2);
  expect(Array.from(section.matchAll(/<th>(\d+) rows<\/th>/gu), ([, size]) => size)).toEqual(['50', '100', '240']);
  for (const name of CURVE_PREDICTORS) expect(section).toContain(`<b>${name}</b>`);
  const reliability = /<section id="reliability">([\s\S]*?)<\/section>/u.exec(report)?.[1] ?? '';
  expect(reliability.match(/<svg/gu)).toHaveLength(1);
  for (const name of ['calibrated', 'expctr-aug', 'expctr-llm']) expect(reliability).toContain(name);
});

test('the backbone that vectors are added to is named with what it was chosen from', async () => {
  const report = await reportOf({});
  expect(report).toMatch(/Vectors are added to <b>din<\/b>[\s\S]*logistic-regression, L2 1: 0\.710; <b>din, L2 0\.01<\/b>: 0\.740/u);
});

describe('titles and texts are data', () => {
  const hostile = [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onload='x",
    '</style><svg/onload=alert(1)>',
    '<!-- &lt;b&gt; ]]>',
    'a\u0000b\u202Ec',
  ];

  test('none of them becomes markup, in items, explanations, models or warnings', async () => {
    const warning = JSON.stringify({ event: 'warning', code: '<b>', message: hostile.join(' ') });
    const report = await reportOf({ titles: hostile, texts: hostile, models: ['expctr-aug', 'id-only', ...hostile], log: [warning] });
    expect(report).not.toMatch(/<script|<img|<!--|onerror=alert\(1\)>|<svg\/onload/u);
    expect(report).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(report).not.toContain('\0');
    expect(report).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/u);
    // Every tag of the page is one that this program writes.
    const tags = new Set(Array.from(report.matchAll(/<\/?([a-zA-Z][^\s>/]*)/gu), ([, tag]) => tag));
    const ours =
      'html head meta title style body main header footer section nav h1 h2 h3 h4 p span b i small code pre div table thead tbody tr th td svg line circle figure figcaption ul li dl dt dd article blockquote bdi details summary'.split(
        ' ',
      );
    const charts = ['g', 'path', 'rect', 'text', 'defs', 'clipPath', 'tspan', 'image', 'filter'];
    expect([...tags].filter((tag) => !ours.includes(tag ?? '') && !charts.includes(tag ?? ''))).toEqual([]);
  });

  test('the page loads nothing and may run nothing', async () => {
    const report = await reportOf({});
    expect(report).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(report).not.toMatch(/\b(?:src|href)=(?!"#)|@import|url\((?!["']?#)/u);
    expect(report.replace(/http:\/\/www\.w3\.org\/[^"]+/gu, '')).not.toMatch(/https?:/u);
  });

  test('escaping can be undone and leaves no bare markup', () => {
    const decode = (text: string): string =>
      text.replace(
        /&(?:amp|lt|gt|quot|#39);/gu,
        (entity) => ({ '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" })[entity] ?? '',
      );
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const escaped = html`${text}`.text;
        expect(escaped).not.toMatch(/[<>"']/u);
        expect(decode(escaped)).toBe(text);
      }),
    );
  });

  test('lists are joined, null and false vanish, HTML passes', () => {
    expect(html`<p>${['a', html`<b>${'<'}</b>`, null, false, 0]}</p>`.text).toBe('<p>a<b>&lt;</b>0</p>');
    expect(html`${trusted('<svg></svg>')}`.text).toBe('<svg></svg>');
  });
});

describe('explanations shown', () => {
  test('are thirty test rows that both policies explained, the same at every reading', async () => {
    const folder = await syntheticRun({});
    folders.push(folder);
    const run = await readRun(folder);
    const rows = pickExplanations(run);
    expect(rows).toHaveLength(30);
    expect(rows.every(({ split }) => split === 'test')).toBe(true);
    expect(pickExplanations(await readRun(folder))).toEqual(rows);
    const final = run.explanations.get('final');
    for (const { interactionId, trained, click, label } of rows) {
      expect(trained.read).toBe(final?.read[final.interactionId.indexOf(interactionId)]);
      expect(label).toBe(run.interactions.label[interactionId]);
      expect(click['expctr-aug']).toBe(run.predictions.models.get('expctr-aug')?.[run.predictions.interactionId.indexOf(interactionId)]);
    }
  });

  test('are filled up with validation and train rows where test rows do not suffice', async () => {
    const folder = await syntheticRun({ users: 8 });
    folders.push(folder);
    const splits = pickExplanations(await readRun(folder)).map(({ split }) => split);
    expect([splits.length, ...['test', 'valid'].map((name) => splits.filter((split) => split === name).length)]).toEqual([30, 24, 6]);
  });

  test('never show what came after the interaction: liked and disliked are its history', async () => {
    const folder = await syntheticRun({ users: 12 });
    folders.push(folder);
    const run = await readRun(folder);
    for (const { interactionId, liked, disliked } of pickExplanations(run)) {
      const { interactions, items } = run;
      const earlier = Array.from({ length: 4 }, (_, back) => interactionId - 1 - back);
      const titles = (label: number) =>
        earlier.filter((id) => interactions.label[id] === label).map((id) => items.title[interactions.item[id] ?? 0]);
      expect(liked).toEqual(titles(1));
      expect(disliked).toEqual(titles(0));
    }
  });
});

test('a chart is one SVG without script, and holds every line it was given', async () => {
  const points = ['a<b', 'c'].flatMap((line) => [1, 2, 3].map((x) => ({ x, y: x * x, line })));
  const { text } = await lineChart({ points, x: 'update', y: 'reward', dashed: ['c'], smoothed: true });
  expect(text).toMatch(/^<svg[\s\S]*<\/svg>$/u);
  expect(text).toContain('a&lt;b');
  expect(text).toMatch(/stroke-dasharray="5,4"/u);
  expect(text).not.toMatch(/NaN|<script/u);
});

test('numbers: a real minus sign, no negative zero, a dash for what is undefined', () => {
  expect([fixed(-0.0001), fixed(-1.5, 1), fixed(null), signed(0.00004), signed(0.2, 1), signed(-0.2, 1)]).toEqual([
    '0.000',
    '−1.5',
    '–',
    '0.000',
    '+0.2',
    '−0.2',
  ]);
});

import type { Interval } from '../../figures/interval.js';
import type { Metrics } from '../../figures/metrics.js';
import type { CeilingMetrics, KnowledgeMetrics, QualityMetrics } from '../../figures/quality.js';
import { lineChart, type ChartPoint } from '../charts.js';
import { count, fixed, intervalText, percent, signed } from '../format.js';
import { html, type Html } from '../html.js';
import { barScale, intervalBar } from '../interval-bar.js';
import { priceTable, rewardTable } from './rewards.js';
import { estimate, figure, section, table } from './section.js';

/** One explainer in the table: a stage of the run. */
interface Entry {
  readonly name: string;
  readonly description: string;
  readonly quality: QualityMetrics;
}

/** One who makes the best of what they know. */
interface Limit {
  readonly name: string;
  readonly description: string;
  readonly quality: KnowledgeMetrics;
}

/** How much of the truth the explanations say, by stage; only for worlds whose truth is known. */
export async function qualitySection(metrics: Metrics): Promise<Html | null> {
  const entries = stagesOf(metrics);
  const { ceiling } = metrics;
  if (entries.length === 0 || ceiling === null) return null;
  const inTurn = entries.filter(({ quality }) => quality !== metrics.quality['baseSampled']);
  const limits = limitsOf(ceiling);
  const scale = barScale(
    [...entries, ...limits].map(({ quality: { f1, f1Interval } }) => ({ point: f1, interval: f1Interval })),
    0,
  );
  const row = ({ name, description, quality }: Entry | Limit, tone: 'accent' | 'base', claims: Html): Html =>
    html`<tr>
      <td class="model"><b>${name}</b><small>${description}</small></td>
      ${estimate(quality.f1, quality.f1Interval)}
      <td class="bars">${intervalBar(quality.f1, quality.f1Interval, scale, tone)}</td>
      ${estimate(quality.precision, quality.precisionInterval)}${estimate(quality.recall, quality.recallInterval)}
      ${estimate(quality.degreeAccuracy, quality.degreeAccuracyInterval)}${claims}
    </tr>`;
  const rows = [
    ...entries.map((entry) =>
      row(entry, 'accent', estimate(entry.quality.claimsPerExplanation, entry.quality.claimsPerExplanationInterval, 2)),
    ),
    ...limits.map((limit) => row(limit, 'base', html`<td class="number">${fixed(limit.quality.claimsPerExplanation, 2)}</td>`)),
  ];
  return section(
    'quality',
    'Explanation quality',
    `True reasons of an interaction are the item’s attributes that make at least 10 % of the absolute contributions to its logit, with their sign. A claim is right where it names one with its sign; its degree is right where it also says how much: a strong reason adds or takes at least 1. Micro averages over the ${count(entries[0]?.quality.rows ?? 0)} rows that all of these policies explained.`,
    table(['Explanations by', 'F1', '', 'Precision', 'Recall', 'Degree', 'Claims'], rows),
    html`<p class="note">${sentences(metrics)}</p>`,
    html`<h3>Signs, inventions and variety</h3>`,
    signsTable(entries),
    html`<div class="figures">
      ${figure('Reasons, by stage', await qualityChart(inTurn, ceiling.f1))}${figure('Signs and inventions, by stage', await signsChart(inTurn))}
    </div>`,
    rewardTable(metrics),
    priceTable(metrics),
  );
}

/** The ceiling in words, and the lower one of who knows less. */
function limitsOf(ceiling: CeilingMetrics): Limit[] {
  const area = ({ historyAuc, historyAucInterval }: KnowledgeMetrics): string =>
    `; from it clicks can be predicted with AUC ${fixed(historyAuc)} ${intervalText(historyAucInterval)}`;
  if (ceiling.meanings === null) {
    return [{ name: 'ceiling', description: `estimated from the visible history, read by attribute${area(ceiling)}`, quality: ceiling }];
  }
  return [
    {
      name: 'meanings known',
      description: `what the visible history tells one who knows what words mean, and not how much this platform counts each field${area(ceiling.meanings)}`,
      quality: ceiling.meanings,
    },
    {
      name: 'ceiling',
      description: `what the visible history tells one who knows what words mean, and how much this platform counts each field${area(ceiling)}`,
      quality: ceiling,
    },
  ];
}

function stagesOf({ quality, qualityByRepetition }: Metrics): Entry[] {
  const { base, baseSampled, stage1 } = quality;
  return [
    ...(base === undefined ? [] : [{ name: 'base', description: 'the base model, post hoc', quality: base }]),
    ...(baseSampled === undefined
      ? []
      : [{ name: 'base, sampled', description: 'the same, decoded as rollouts are', quality: baseSampled }]),
    ...(stage1 === undefined ? [] : [{ name: 'stage 1', description: 'after alignment with p_LC', quality: stage1 }]),
    ...Object.entries(qualityByRepetition).map(([repetition, own]) => ({
      name: `stages 2 and 3, repetition ${repetition}`,
      description: 'after alignment with the CTR model',
      quality: own,
    })),
  ];
}

function sentences({ qualityDifferences, betterBase, gapClosed, gapClosedInterval, qualityOnTest }: Metrics): string {
  const names: Readonly<Record<string, string>> = { base: 'base', baseSampled: 'sampled base', stage1: 'stage 1', stage3: 'final policy' };
  const paired = Object.entries(qualityDifferences).flatMap(([stage, against]) =>
    Object.entries(against).map(
      ([other, { f1, f1Interval }]) => `${names[stage]} − ${names[other]} ${signed(f1)} ${intervalText(f1Interval, signed)}`,
    ),
  );
  const tested = Object.entries(qualityOnTest).map(
    ([stage, { f1, f1Interval }]) => `${names[stage]} ${fixed(f1)} ${intervalText(f1Interval)}`,
  );
  return [
    ...(paired.length === 0 ? [] : [`Paired differences in F1: ${paired.join('; ')}.`]),
    ...(gapClosed === null
      ? []
      : [
          `The final policy closes ${percent(gapClosed)} ${intervalText(gapClosedInterval, (bound) => percent(bound))} of the gap between ${names[betterBase ?? 'base']} and ceiling.`,
        ]),
    ...(tested.length === 0 ? [] : [`F1 on test rows: ${tested.join('; ')}.`]),
  ].join(' ');
}

function signsTable(entries: readonly Entry[]): Html {
  const share = (value: number | null, interval: Interval | null): Html =>
    html`<td class="number">${percent(value, 1)}<small>${intervalText(interval, (bound) => fixed(100 * bound, 0))}</small></td>`;
  return table(
    [
      'Explanations by',
      'Signs right',
      'AUC of signs',
      'Invented',
      'Not the item’s',
      'Says nothing',
      'Malformed',
      'Distinct-2',
      'Duplicates',
    ],
    entries.map(
      ({ name, quality: q }) =>
        html`<tr>
          <td class="model"><b>${name}</b></td>
          ${share(q.polarityAccuracy, q.polarityAccuracyInterval)}${estimate(q.signAuc, q.signAucInterval)}
          ${share(q.hallucinationRate, q.hallucinationRateInterval)}${share(q.offItemRate, q.offItemRateInterval)}
          ${share(q.silentShare, q.silentShareInterval)}${share(q.malformedShare, q.malformedShareInterval)}
          ${share(q.distinct2, q.distinct2Interval)}${share(q.duplicateShare, q.duplicateShareInterval)}
        </tr>`,
    ),
  );
}

const ceilingLine = 'F1 of the ceiling';

/** F1, precision and recall from base to the last repetition, with the ceiling's F1. */
function qualityChart(entries: readonly Entry[], ceiling: number | null): Promise<Html> {
  const points = [
    ...linePoints(entries, 'F1', ({ f1 }) => f1),
    ...linePoints(entries, 'precision', ({ precision }) => precision),
    ...linePoints(entries, 'recall', ({ recall }) => recall),
    ...linePoints(entries, ceilingLine, () => ceiling),
  ];
  return lineChart({ points, x: stageAxis, y: '', dashed: [ceilingLine] });
}

function signsChart(entries: readonly Entry[]): Promise<Html> {
  const points = [
    ...linePoints(entries, 'signs right', ({ polarityAccuracy }) => polarityAccuracy),
    ...linePoints(entries, 'AUC of signs', ({ signAuc }) => signAuc),
    ...linePoints(entries, 'not the item’s', ({ offItemRate }) => offItemRate),
  ];
  return lineChart({ points, x: stageAxis, y: '' });
}

const stageAxis = '0 = base, 1 = stage 1, then repetitions';

function linePoints(entries: readonly Entry[], line: string, value: (quality: QualityMetrics) => number | null): ChartPoint[] {
  return entries.flatMap(({ quality }, x) => {
    const y = value(quality);
    return y === null ? [] : [{ x, y, line }];
  });
}

import { printable } from '@expctr/core';
import Table from 'cli-table3';
import type { Metrics } from '../figures/metrics.js';
import type { QualityMetrics } from '../figures/quality.js';
import { distinctComparisons } from '../metrics/differences.js';
import type { NamedMetrics } from '../report/comparison-page.js';
import { fixed, intervalText, percent, signed, signedPercent } from '../report/format.js';
import { headline } from '../report/headline.js';
import { groupedModels } from '../report/predictor-names.js';

/** What the terminal shows of one run: the finding, predictors, comparisons, warnings. */
export function runText(metrics: Metrics): string {
  const { sentence, detail } = headline(metrics);
  const { predictors, differences, backbone, strongestOpponent, warnings } = metrics;
  const figures = plainTable(['predictor', 'AUC', '95 % interval', 'AUC in users', 'log loss', 'ECE', 'RelaImpr']);
  for (const model of orderedModels(Object.keys(predictors))) {
    const found = predictors[model];
    if (found === undefined) continue;
    const marks = [...(model === strongestOpponent ? ['!'] : []), ...(model === backbone ? ['*'] : [])];
    const name = [printable(model), ...marks].join(' ');
    figures.push([
      name,
      fixed(found.auc),
      intervalText(found.aucInterval),
      fixed(found.groupedAuc),
      fixed(found.logLoss),
      fixed(found.calibrationError),
      signedPercent(found.relaImpr),
    ]);
  }
  const comparisons = plainTable(['comparison', 'AUC difference', '95 % interval']);
  for (const { model, difference } of distinctComparisons(differences)) {
    comparisons.push([printable(`${model} - ${difference.against}`), signed(difference.auc), intervalText(difference.aucInterval, signed)]);
  }
  const noted = warnings.slice(0, 6).map(({ code, message }) => `warning ${printable(code)}: ${printable(message)}`);
  return [
    sentence,
    detail,
    '',
    figures.toString(),
    ...(strongestOpponent === null ? [] : ['! the strongest that knows nothing of the trained explanations']),
    ...(backbone === null ? [] : ['* the better of id-only and id-only-full: RelaImpr is against it']),
    ...(comparisons.length === 0 ? [] : ['', comparisons.toString()]),
    ...learningCurveText(metrics),
    ...qualityText(metrics),
    ...(noted.length === 0 ? [] : ['', ...noted]),
    ...(warnings.length > noted.length ? [`and ${warnings.length - noted.length} more warnings in the report`] : []),
  ].join('\n');
}

/** AUC by the number of CTR rows. */
function learningCurveText({ learningCurve }: Metrics): string[] {
  const predictors = Object.entries(learningCurve);
  if (predictors.length === 0) return [];
  const sizes = [...new Set(predictors.flatMap(([, own]) => own.map(({ rows }) => rows)))];
  const table = plainTable(['AUC by CTR rows', ...sizes.map(String)]);
  for (const [predictor, own] of predictors)
    table.push([printable(predictor), ...sizes.map((size) => fixed(own.find(({ rows }) => rows === size)?.auc))]);
  return ['', table.toString()];
}

/** What improved in the explanations themselves, where the truth is known: F1 of true reasons by stage, beside what can be reached. */
function qualityText({ quality, qualityDifferences, betterBase, gapClosed, gapClosedInterval, ceiling }: Metrics): string[] {
  if (betterBase === null || ceiling === null) return [];
  const names: Readonly<Record<string, string>> = {
    base: 'base',
    baseSampled: 'base, sampled',
    stage1: 'after stage 1',
    stage3: 'final policy',
  };
  const table = plainTable(['explanations by', 'F1', '95 % interval', 'precision', 'recall', 'claims', 'signs right']);
  const add = (
    name: string,
    row: Pick<QualityMetrics, 'f1' | 'f1Interval' | 'precision' | 'recall' | 'claimsPerExplanation'>,
    signs: string,
  ): void => {
    table.push([
      name,
      fixed(row.f1),
      intervalText(row.f1Interval),
      fixed(row.precision),
      fixed(row.recall),
      fixed(row.claimsPerExplanation, 2),
      signs,
    ]);
  };
  for (const [stage, found] of Object.entries(quality)) add(names[stage] ?? printable(stage), found, fixed(found.polarityAccuracy));
  add('ceiling', ceiling, '');
  const gain = qualityDifferences['stage3']?.[betterBase];
  const gained =
    gain === undefined ? '' : `F1 of true reasons ${signed(gain.f1)} ${intervalText(gain.f1Interval, signed)} over the better base`;
  const closed =
    gapClosed === null
      ? ''
      : `, ${percent(gapClosed)} ${intervalText(gapClosedInterval, (bound) => percent(bound))} of the way to the ceiling`;
  return ['', table.toString(), ...(gained === '' ? [] : [`what improved: ${gained}${closed}`])];
}

/** Several runs in one table: AUC with interval by predictor and run, then the differences that each run's claim rests on. */
export function comparisonText(runs: readonly NamedMetrics[]): string {
  const table = plainTable(['AUC', ...runs.map(({ name }) => printable(name))]);
  for (const model of orderedModels(runs.flatMap(({ metrics }) => Object.keys(metrics.predictors)))) {
    table.push([printable(model), ...runs.map(({ metrics }) => cell(metrics.predictors[model], fixed))]);
  }
  const differences = plainTable(['difference', ...runs.map(({ name }) => printable(name))]);
  const pairs = new Map(
    runs.flatMap(({ metrics }) =>
      Object.entries(metrics.differences).flatMap(([model, against]) =>
        Object.keys(against).map((name) => [`${model} - ${name}`, [model, name] as const] as const),
      ),
    ),
  );
  for (const [title, [model, name]] of pairs)
    differences.push([printable(title), ...runs.map(({ metrics }) => cell(metrics.differences[model]?.[name], signed))]);
  return [
    ...runs.map(({ name, metrics }) => `${printable(name)}: ${headline(metrics).sentence}`),
    '',
    table.toString(),
    ...(pairs.size === 0 ? [] : ['', differences.toString()]),
  ].join('\n');
}

function cell(
  found: { readonly auc: number | null; readonly aucInterval: readonly [number, number] | null } | undefined,
  format: (value: number | null) => string,
): string {
  return found === undefined ? 'absent' : `${format(found.auc)}\n${intervalText(found.aucInterval, format)}`;
}

function orderedModels(models: readonly string[]): string[] {
  return groupedModels([...new Set(models)]).flatMap((group) => group.models);
}

function plainTable(head: readonly string[]): Table.Table {
  return new Table({ head: [...head], style: { head: [], border: [], compact: true } });
}

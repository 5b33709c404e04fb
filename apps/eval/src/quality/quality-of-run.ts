import type { Rng } from '@expctr/core';
import type { QualityDifference, QualityMetrics, TruthMetrics } from '../figures/quality.js';
import { positions } from '../read/positions.js';
import type { RunData } from '../read/run-data.js';
import { ceilingsOf } from './ceiling/ceilings.js';
import type { VisibleHistoryCeiling } from './ceiling/visible-history.js';
import { ceilingMetrics, type Knower } from './ceiling-metrics.js';
import { countClaims, countText } from './claim-counts.js';
import { createFacts } from './facts.js';
import { policiesOf, type Policies } from './policies.js';
import { compareExplainers, type ComparedExplainers } from './quality-figures.js';
import { rewardQualityOfRun } from './rewards-of-run.js';
import { variety } from './variety.js';

const [CEILING, MEANINGS] = ['ceiling', 'meanings'];
const differences = [
  ['stage1', 'base'],
  ['stage3', 'stage1'],
  ['stage3', 'base'],
  ['stage1', 'baseSampled'],
  ['stage3', 'baseSampled'],
] as const;

/**
 * Quality of explanations, rewards and ceilings.
 *
 * @param testRng the stream that the predictors' resamples came from
 */
export function qualityOfRun(run: RunData, resamples: number, rng: Rng, testRng: Rng): TruthMetrics {
  const { interactions, items, truth, explanations, predictions } = run;
  if (truth === null) return noTruth;
  const facts = createFacts(interactions, items, truth);
  const policies = policiesOf(explanations);
  const { stages, repetitions } = policies;
  const files = new Map([...stages.values(), ...repetitions].map((name) => [name, positions(explanations.get(name)!)]));
  const testRows = Array.from(predictions.interactionId);
  const rows = commonRows(files, policies, testRows);
  const { best, kind, meanings } = ceilingsOf(run, truth, facts, [...new Set([...rows, ...testRows])], rng.fork('ceiling'));
  const limits = new Map([[CEILING, best], ...(meanings === null ? [] : [[MEANINGS, meanings] as const])]);

  const usersOf = (of: readonly number[]): number[] => of.map((row) => interactions.user[row]!);
  const textsOf = (file: string, of: readonly number[]): string[] =>
    of.map((row) => explanations.get(file)!.read[files.get(file)!.get(row)!]!);
  function compare(names: readonly string[], of: readonly number[], stream: Rng): ComparedExplainers {
    const said = names.map((file) => [file, textsOf(file, of).map((text, at) => countText(text, facts(of[at]!)))] as const);
    const sayable = [...limits].map(([name, limit]) => [name, of.map((row) => countClaims(limit.claims(row), facts(row)))] as const);
    return compareExplainers(usersOf(of), new Map([...said, ...sayable]), resamples, stream);
  }
  const metricsOf = (from: ComparedExplainers, of: readonly number[], file: string): QualityMetrics => ({
    rows: of.length,
    ...from.quality.get(file)!,
    ...variety(textsOf(file, of), usersOf(of)),
  });

  const compared = compare([...files.keys()], rows, rng.fork('quality'));
  const tested = [...stages].filter(([stage, file]) => stage !== 'stage1' && testRows.every((row) => files.get(file)!.has(row)));
  const comparedOnTest = compare(
    tested.map(([, file]) => file),
    testRows,
    rng.fork('test'),
  );
  const knower = (name: string, limit: VisibleHistoryCeiling): Knower => ({
    click: testRows.map((row) => limit.click(row)),
    figures: compared.quality.get(name)!,
  });
  const betterBase = betterOf(compared, stages);
  const [base, final] = [betterBase === null ? undefined : stages.get(betterBase), stages.get('stage3')];
  const gap = base === undefined || final === undefined ? undefined : compared.gapClosed(final, base, CEILING);
  return {
    quality: Object.fromEntries([...stages].map(([stage, file]) => [stage, metricsOf(compared, rows, file)])),
    qualityByRepetition: Object.fromEntries(repetitions.map((file, at) => [at + 1, metricsOf(compared, rows, file)])),
    qualityOnTest: Object.fromEntries(tested.map(([stage, file]) => [stage, metricsOf(comparedOnTest, testRows, file)])),
    qualityDifferences: differencesOf(compared, stages),
    betterBase,
    gapClosed: gap?.share ?? null,
    gapClosedInterval: gap?.interval ?? null,
    rewardQuality: rewardQualityOfRun(run, facts, resamples, rng.fork('rewards')),
    ceiling: ceilingMetrics(
      predictions,
      testRows.map((row) => truth[row]!.bayesProbability),
      { best: knower(CEILING, best), kind, meanings: meanings === null ? null : knower(MEANINGS, meanings) },
      resamples,
      testRng,
    ),
  };
}

const noTruth: TruthMetrics = {
  quality: {},
  qualityByRepetition: {},
  qualityOnTest: {},
  qualityDifferences: {},
  betterBase: null,
  gapClosed: null,
  gapClosedInterval: null,
  rewardQuality: {},
  ceiling: null,
};

/**
 * Rows that every policy explained. Where there were repetitions these are rows of the CTR slice and validation rows; where there
 * were none, base and final policy explained test rows, too, and those are taken.
 */
function commonRows(
  files: ReadonlyMap<string, ReadonlyMap<number, number>>,
  { repetitions }: Policies,
  testRows: readonly number[],
): number[] {
  const [first, ...others] = [...files.values()];
  const common = [...(first?.keys() ?? [])].filter((row) => others.every((file) => file.has(row))).sort((a, b) => a - b);
  const isTest = new Set(testRows);
  return repetitions.length === 0 ? common.filter((row) => isTest.has(row)) : common;
}

function betterOf(compared: ComparedExplainers, stages: Policies['stages']): 'base' | 'baseSampled' | null {
  const f1 = (stage: 'base' | 'baseSampled'): number => compared.quality.get(stages.get(stage) ?? '')?.f1 ?? -1;
  if (!stages.has('base')) return stages.has('baseSampled') ? 'baseSampled' : null;
  return f1('baseSampled') > f1('base') ? 'baseSampled' : 'base';
}

function differencesOf(compared: ComparedExplainers, stages: Policies['stages']): Record<string, Record<string, QualityDifference>> {
  const out: Record<string, Record<string, QualityDifference>> = {};
  for (const [stage, against] of differences) {
    const [a, b] = [stages.get(stage), stages.get(against)];
    if (a !== undefined && b !== undefined) (out[stage] ??= {})[against] = compared.difference(a, b);
  }
  return out;
}

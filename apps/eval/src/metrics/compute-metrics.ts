import { createRng, checkOptions, type OptionKeys } from '@expctr/core';
import { bootstrapOverUsers, type Resampled } from '@expctr/ctr-models';
import { FINAL, type RunLog } from '@expctr/run';
import type { Metrics } from '../figures/metrics.js';
import type { HistoryBackbone } from '../figures/predictors.js';
import type { ReaderCheck } from '../figures/reader.js';
import { qualityOfRun } from '../quality/quality-of-run.js';
import type { RunData } from '../read/run-data.js';
import type { TestPredictions } from '../read/test-predictions.js';
import { auditReader } from './audit.js';
import { ctrCurves, stageCurves } from './curves.js';
import { aucDifferences, standingOf, strongestOpponent } from './differences.js';
import { explanationMetrics } from './explanation-metrics.js';
import { learningCurveMetrics } from './learning-curve.js';
import { predictorMetrics } from './predictors.js';
import { collectWarnings } from './warnings.js';

/** The bootstrap's seed: fixed, so that a run's figures follow from its files alone and two runs are resampled alike. */
const seed = 'expctr-eval';

/** Options of {@link computeMetrics}. */
export interface MetricsOptions {
  /** Bootstrap resamples, default 1,000. */
  readonly resamples?: number;
}

const COMPUTE_METRICS_OPTIONS: OptionKeys<MetricsOptions> = { resamples: true };

/** Every figure of a run. The same run gives the same figures, to the last bit. */
export function computeMetrics(run: RunData, parameters: MetricsOptions = {}): Metrics {
  checkOptions('computeMetrics', parameters, COMPUTE_METRICS_OPTIONS);
  const { resamples = 1_000 } = parameters;
  const { predictions, interactions } = run;
  // the same draws for both, so that every difference is paired
  const resample = (models: TestPredictions['models']): ReadonlyMap<string, Resampled> =>
    bootstrapOverUsers(predictions, models, resamples, createRng(seed).fork('test'));
  const resampled = resample(predictions.models);
  const { predictors, backbone } = predictorMetrics(predictions, resampled);
  const opponent = strongestOpponent(predictors);
  const differences = aucDifferences(predictors, { backbone, opponent }, run.predictions, resampled);
  const beyondScore = standingOf(differences['expctr-aug']?.['verdict-aug']);
  const metrics: Omit<Metrics, 'warnings'> = {
    schema: 'metrics/1',
    counts: counts(run),
    predictors,
    backbone,
    strongestOpponent: opponent,
    differences,
    noMoreThanAScore: beyondScore === null || beyondScore === 'level' ? null : beyondScore === 'below',
    learningCurve: learningCurveMetrics(run, new Map([...resampled, ...resample(run.learningCurve)])),
    historyBackbone: historyBackboneOf(run.log),
    stages: stageCurves(run.log.updates),
    ctr: ctrCurves(run.log.ctrEpochs),
    readerCheck: readerCheckOf(run.log),
    audit: auditReader(run.explanations.get(FINAL), interactions, resamples, seed),
    explanations: explanationMetrics(run.explanations, interactions),
    ...qualityOfRun(run, resamples, createRng(seed).fork('quality'), createRng(seed).fork('test')),
  };
  return { ...metrics, warnings: collectWarnings(run, metrics) };
}

function counts({ interactions, predictions, items }: RunData): Record<string, number> {
  const inSplit = (code: number): number => interactions.split.reduce((sum, split) => sum + (split === code ? 1 : 0), 0);
  const inSlice = (code: number): number => interactions.slice.reduce((sum, slice) => sum + (slice === code ? 1 : 0), 0);
  const testRows = predictions.interactionId.length;
  const testPositives = predictions.label.reduce((sum, label) => sum + label, 0);
  return {
    interactions: interactions.length,
    users: interactions.userIds.length,
    items: items.length,
    trainRows: inSplit(0),
    policyRows: inSlice(0),
    ctrRows: inSlice(1),
    validRows: inSplit(1),
    testRows,
    testUsers: new Set(predictions.user).size,
    testPositives,
    testLabelRate: testPositives / testRows,
  };
}

function readerCheckOf({ readerCheck }: RunLog): ReaderCheck | null {
  if (readerCheck === null) return null;
  const { chosen, passed, forms, skipped } = readerCheck;
  return { chosen, passed, forms, skipped };
}

function historyBackboneOf({ historyBackbone }: RunLog): HistoryBackbone | null {
  if (historyBackbone === null) return null;
  const { chosen, candidates } = historyBackbone;
  return { chosen, candidates };
}

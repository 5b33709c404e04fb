import type { ReliabilityBin } from '@expctr/ctr-models';
import type { HistoryBackboneEvent } from '@expctr/run';
import type { Estimates, Interval } from './interval.js';

/** One predictor on the test rows. A figure that is undefined is null, and `reason` says why. */
export interface PredictorMetrics {
  /** Area under the ROC curve, ties at one half. */
  readonly auc: number | null;
  readonly aucInterval: Interval | null;
  /** AUC within each user with rows of both classes, weighted by rows. */
  readonly groupedAuc: number | null;
  readonly groupedAucInterval: Interval | null;
  /** Mean negative log-likelihood in nats. */
  readonly logLoss: number;
  readonly logLossInterval: Interval | null;
  /** 100 (1 - log loss / log loss of the share of positives): above 0 is better than that share. */
  readonly relativeCrossEntropy: number | null;
  /** Mean of (probability - label)^2. */
  readonly brier: number;
  /** Expected calibration error, 15 bins of equal width. */
  readonly calibrationError: number;
  /** Reliability diagram: 10 bins of equal mass. */
  readonly reliability: readonly ReliabilityBin[];
  /** (auc - 0.5) / (auc of the backbone - 0.5) - 1. */
  readonly relaImpr: number | null;
  /** Why a figure above is null. */
  readonly reason?: string;
}

/** Paired difference of two AUCs on the same test rows. */
export interface Difference {
  /** The model that is subtracted. */
  readonly against: string;
  readonly auc: number | null;
  readonly aucInterval: Interval | null;
  /** Two-sided p-value of DeLong's test with users as clusters; null where fewer than two users have test rows of each label. */
  readonly delongP: number | null;
  /** Why `auc` is null. */
  readonly reason?: string;
}

/** A predictor that was fitted on some of the CTR rows. */
export interface CurvePoint extends Estimates<'auc' | 'overHistory'> {
  /** CTR rows that it was fitted on. */
  readonly rows: number;
}

/** The candidate that was chosen, by its place, and the validation AUC of each that could be. */
export type HistoryBackbone = Pick<HistoryBackboneEvent, 'chosen' | 'candidates'>;

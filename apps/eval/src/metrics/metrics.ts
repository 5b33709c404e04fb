import type { TruthMetrics } from '../quality/quality-of-run.js';
import type { Variety } from '../quality/variety.js';
import type { ReaderCheckLine, WarningLine } from '../read/run-log.js';

/** 95 % interval. */
export type Interval = readonly [low: number, high: number];

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
  /** Expected calibration error, 15 bins of equal width. */
  readonly calibrationError: number;
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
  /** Why `auc` is null. */
  readonly reason?: string;
}

/** A logged curve in three numbers: means over the first and the last tenth of its updates, and its largest value. */
export interface CurveEnds {
  readonly first: number;
  readonly last: number;
  readonly maximum: number;
}

/** One reward component in one stage. */
export interface RewardCurve extends CurveEnds {
  /** Reward of the best constant predictor on the same rows, mean over the last tenth of updates; null where it has none. */
  readonly bestConstant: number | null;
  readonly withinPromptStd: CurveEnds | null;
  readonly betweenPromptStd: CurveEnds | null;
}

/** One stage of policy optimization: `stage1`, `stage3-1`, `stage3-2`, ... */
export interface StageCurves {
  readonly updates: number;
  readonly rewards: Readonly<Record<string, RewardCurve>>;
  /** KL to the stage's reference, nats a response. */
  readonly kl: CurveEnds | null;
  readonly entropy: CurveEnds | null;
}

/** The best epoch of a CTR model's last training. */
export interface CtrCurve {
  readonly iteration: number;
  readonly epochs: number;
  /** Epoch with the lowest validation log-loss: the one that the fit went back to. */
  readonly bestEpoch: number | null;
  /** Validation AUC of that epoch. */
  readonly bestValidAuc: number | null;
}

/** AUC of p_LC on one set of rows. */
export interface AuditRow {
  readonly rows: number;
  readonly auc: number | null;
  readonly aucInterval: Interval | null;
  readonly reason?: string;
}

/** Explanations of one file. */
export interface ExplanationMetrics extends Variety {
  readonly rows: number;
  readonly meanTokens: number;
  /** Share that ended because there was no more room. */
  readonly cutShare: number;
  /** Share of which nothing was left for reader and encoder. */
  readonly emptyShare: number;
  /** Different texts (as read) over rows. */
  readonly distinctShare: number;
}

/** Everything that metrics.json holds. Keys are documented in this app's README. */
export interface Metrics extends TruthMetrics {
  readonly schema: 'metrics/1';
  readonly counts: Readonly<Record<string, number>>;
  readonly predictors: Readonly<Record<string, PredictorMetrics>>;
  /** The better of id-only and id-only-full by AUC: what gains are measured against. Null where the run has neither. */
  readonly backbone: string | null;
  /** By model and comparison; `backbone` is the comparison with {@link Metrics.backbone}. */
  readonly differences: Readonly<Record<string, Readonly<Record<string, Difference>>>>;
  /** Whether explanations carry no more than a score: `expctr-aug` does not beat `verdict-aug`. Null where that cannot be told. */
  readonly noMoreThanAScore: boolean | null;
  readonly stages: Readonly<Record<string, StageCurves>>;
  readonly ctr: Readonly<Record<string, CtrCurve>>;
  readonly readerCheck: ReaderCheckLine | null;
  readonly audit: Readonly<Record<'policy' | 'ctr' | 'valid' | 'test', AuditRow>>;
  readonly explanations: Readonly<Record<string, ExplanationMetrics>>;
  readonly warnings: readonly WarningLine[];
}

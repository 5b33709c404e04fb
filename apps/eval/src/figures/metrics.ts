import type { WarningEvent } from '@expctr/run';
import type { CtrCurve, StageCurves } from './curves.js';
import type { CurvePoint, Difference, HistoryBackbone, PredictorMetrics } from './predictors.js';
import type { TruthMetrics } from './quality.js';
import type { AuditRow, ReaderCheck } from './reader.js';
import type { ExplanationMetrics } from './texts.js';

/** Something that a reader of the figures should know. */
export type RunWarning = Pick<WarningEvent, 'code' | 'message'>;

/** Everything that metrics.json holds. Keys are documented in this app's README. */
export interface Metrics extends TruthMetrics {
  readonly schema: 'metrics/1';
  readonly counts: Readonly<Record<string, number>>;
  readonly predictors: Readonly<Record<string, PredictorMetrics>>;
  /** The better of id-only and id-only-full by AUC: what relative gains are measured against. Null where the run has neither. */
  readonly backbone: string | null;
  /** Of the predictors that know nothing of the trained policy's explanations, the one with the highest AUC; null where the run has none. */
  readonly strongestOpponent: string | null;
  /** By model and comparison; `backbone` and `opponent` are those with {@link Metrics.backbone} and {@link Metrics.strongestOpponent}. */
  readonly differences: Readonly<Record<string, Readonly<Record<string, Difference>>>>;
  /** Whether explanations carry no more than a score: `expctr-aug` is below `verdict-aug` (false: above). Null where the two are not told apart. */
  readonly noMoreThanAScore: boolean | null;
  /** By predictor, in the order of sizes, the whole CTR slice last; empty where the run has no learning curve. */
  readonly learningCurve: Readonly<Record<string, readonly CurvePoint[]>>;
  /** The CTR model that vectors are added to, and what it was chosen from; null where the log does not say. */
  readonly historyBackbone: HistoryBackbone | null;
  readonly stages: Readonly<Record<string, StageCurves>>;
  readonly ctr: Readonly<Record<string, CtrCurve>>;
  readonly readerCheck: ReaderCheck | null;
  readonly audit: Readonly<Record<'policy' | 'ctr' | 'valid' | 'test', AuditRow>>;
  readonly explanations: Readonly<Record<string, ExplanationMetrics>>;
  readonly warnings: readonly RunWarning[];
}

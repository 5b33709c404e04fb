import type { WarningEvent } from '@expctr/run';
import type { CtrCurve, StageCurves } from './curves.js';
import type { Difference, PredictorMetrics } from './predictors.js';
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
  /** The better of id-only and id-only-full by AUC: what gains are measured against. Null where the run has neither. */
  readonly backbone: string | null;
  /** By model and comparison; `backbone` is the comparison with {@link Metrics.backbone}. */
  readonly differences: Readonly<Record<string, Readonly<Record<string, Difference>>>>;
  /** Whether explanations carry no more than a score: `expctr-aug` does not beat `verdict-aug`. Null where that cannot be told. */
  readonly noMoreThanAScore: boolean | null;
  readonly stages: Readonly<Record<string, StageCurves>>;
  readonly ctr: Readonly<Record<string, CtrCurve>>;
  readonly readerCheck: ReaderCheck | null;
  readonly audit: Readonly<Record<'policy' | 'ctr' | 'valid' | 'test', AuditRow>>;
  readonly explanations: Readonly<Record<string, ExplanationMetrics>>;
  readonly warnings: readonly RunWarning[];
}

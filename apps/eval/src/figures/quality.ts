import type { Estimates, Interval } from './interval.js';
import type { RewardFigures } from './rewards.js';
import type { Variety } from './texts.js';

/**
 * What is counted of an explainer's claims, as micro averages over explanations. A claim is right where its attribute is a true reason
 * and its sign that reason's: `precision`, `recall`, `f1`. `polarityAccuracy`: of claims on attributes of true reasons, the share with
 * the right sign; `signAuc`: the AUC of the claimed sign for the true one. `degreeAccuracy`: of right claims, the share whose
 * strength is the reason's (strong: it contributes at least 1 to the logit). `hallucinationRate`: claims on attributes that neither the
 * item nor its visible history has; `offItemRate`: that the item lacks. `claimsPerExplanation`; `silentShare`: explanations without a
 * claim; `malformedShare`: with a sentence that is none.
 */
export type QualityFigure =
  | 'precision'
  | 'recall'
  | 'f1'
  | 'polarityAccuracy'
  | 'signAuc'
  | 'degreeAccuracy'
  | 'hallucinationRate'
  | 'offItemRate'
  | 'claimsPerExplanation'
  | 'silentShare'
  | 'malformedShare';

/** One explainer's figures, each with its interval; null where nothing was counted that it could be a share of. */
export type QualityFigures = Estimates<QualityFigure>;

/** Explanations of one policy. */
export interface QualityMetrics extends QualityFigures, Variety {
  readonly rows: number;
}

/** Paired difference in F1; null where either has none. */
export type QualityDifference = Estimates<'f1'>;

/** How far one gets who makes the best of what they know. */
export interface KnowledgeMetrics extends Pick<
  QualityFigures,
  | 'precision'
  | 'precisionInterval'
  | 'recall'
  | 'recallInterval'
  | 'f1'
  | 'f1Interval'
  | 'degreeAccuracy'
  | 'degreeAccuracyInterval'
  | 'claimsPerExplanation'
> {
  /** AUC of the best prediction from the visible history, on the test rows. */
  readonly historyAuc: number | null;
  readonly historyAucInterval: Interval | null;
}

/**
 * Whose figures a ceiling has. `both`: of one who knows what words mean and what each field counts on this platform. `history`: an
 * estimate for one who reads the visible history by attribute, where it is not known what the world is made of.
 */
export type CeilingKind = 'both' | 'history';

/** What nobody can surpass. */
export interface CeilingMetrics extends KnowledgeMetrics {
  readonly kind: CeilingKind;
  /** AUC of the probabilities that the labels were drawn with, on the test rows. */
  readonly bayesAuc: number | null;
  readonly bayesAucInterval: Interval | null;
  /** The same for one who knows what words mean and takes all fields to count the same; null where `kind` is `history`. */
  readonly meanings: KnowledgeMetrics | null;
}

/** Everything that needs the truth; empty where the run has none. */
export interface TruthMetrics {
  /** `base` (greedy), `baseSampled`, `stage1` and `stage3` (the final policy) on the rows that all policies explained. */
  readonly quality: Readonly<Record<string, QualityMetrics>>;
  /** After repetition 1, 2, ... of stages 2 and 3, on the same rows. */
  readonly qualityByRepetition: Readonly<Record<string, QualityMetrics>>;
  /** `base`, `baseSampled` and `stage3` on the test rows. */
  readonly qualityOnTest: Readonly<Record<string, QualityMetrics>>;
  /** F1 of a stage less that of an earlier one, by both names, on the rows of `quality`. */
  readonly qualityDifferences: Readonly<Record<string, Readonly<Record<string, QualityDifference>>>>;
  /** The base with the better F1, `base` or `baseSampled`; null without one. Gains count over it. */
  readonly betterBase: 'base' | 'baseSampled' | null;
  /** Share of the gap in F1 between the better base and the ceiling that the final policy closes. */
  readonly gapClosed: number | null;
  readonly gapClosedInterval: Interval | null;
  /** By file of explanations and reward. */
  readonly rewardQuality: Readonly<Record<string, Readonly<Record<string, RewardFigures>>>>;
  readonly ceiling: CeilingMetrics | null;
}

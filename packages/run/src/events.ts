import type { AlignmentStage } from './names.js';

/** One update of the policy. */
export interface UpdateEvent {
  /** Names the event. */
  readonly event: 'update';
  /** Which reward it learned from. */
  readonly stage: AlignmentStage;
  /** Repetition k of stages 2 and 3; 0 in stage 1. */
  readonly iteration: number;
  /** Number of the update in its stage, from 0. */
  readonly step: number;
  /** Figures of the update under trl's names, and `reward/<name>` with its spreads for each component. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** One epoch of a CTR model. */
export interface CtrEpochEvent {
  /** Names the event. */
  readonly event: 'ctr-epoch';
  /** The predictor that it belongs to. */
  readonly model: string;
  /** Repetition k of stage 2; one more than the last of them for the final predictors. */
  readonly iteration: number;
  /** From 1. */
  readonly epoch: number;
  /** `train/loss`, `valid/logloss`, `valid/auc` and the like. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** How well one form of the LC prompt was read; an AUC that is not defined is null. */
export interface ReaderFormFigures {
  /** Name of the form. */
  readonly form: string;
  /** AUC of telling reasons for from reasons against. */
  readonly aucReasons: number | null;
  /** Its 95 % interval. */
  readonly aucReasonsInterval: readonly [number, number] | null;
  /** AUC of telling verdicts apart. */
  readonly aucVerdict: number | null;
  /** Its 95 % interval. */
  readonly aucVerdictInterval: readonly [number, number] | null;
  /** Statements that were read. */
  readonly statements: number | null;
}

/** The reader check. */
export interface ReaderCheckEvent {
  /** Names the event. */
  readonly event: 'reader-check';
  /** The form that was chosen. */
  readonly chosen: string;
  /** Whether its AUC is above the threshold. */
  readonly passed: boolean;
  /** The AUC that counts as reading. */
  readonly threshold: number | null;
  /** Every form that could be asked. */
  readonly forms: readonly ReaderFormFigures[];
  /** Every form that could not, and why. */
  readonly skipped: readonly { readonly form: string; readonly reason: string }[];
}

/** A CTR model that explanations may be added to. */
export interface HistoryCandidate {
  /** Name of its backbone. */
  readonly backbone: string;
  /** L2 penalty on table rows. */
  readonly embeddingL2: number | null;
  /** AUC on the validation rows. */
  readonly validAuc: number | null;
}

/** Which CTR model explanations are added to. */
export interface HistoryBackboneEvent {
  /** Names the event. */
  readonly event: 'history-backbone';
  /** Place of the one that was chosen. */
  readonly chosen: number;
  /** Every one that could be. */
  readonly candidates: readonly HistoryCandidate[];
}

/** Something that a reader of the figures should know. */
export interface WarningEvent {
  /** Names the event. */
  readonly event: 'warning';
  /** Stable name. */
  readonly code: string;
  /** For people. */
  readonly message: string;
}

/** A line of `log.jsonl`. */
export type RunEvent = UpdateEvent | CtrEpochEvent | ReaderCheckEvent | HistoryBackboneEvent | WarningEvent;

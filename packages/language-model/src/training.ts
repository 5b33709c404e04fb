export type { AdapterStore } from './adapter-store.js';
export type { HostTreeOf, RowPair, TokenBatch, TokenOutputs, TracedBatch, TracedPairs } from './token-batch.js';
export type { Score, ScoreHead } from './score.js';
export type { StepLoss, StepOptions, StepResult, TrainStep } from './train-step.js';
export type { TrainablePolicy } from './trainable-policy.js';
export type { LanguageModel } from './language-model.js';

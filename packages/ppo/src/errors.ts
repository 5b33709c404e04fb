import { ExpctrError } from '@expctr/core';

/** Stable codes of {@link PpoError}. */
export type PpoErrorCode =
  | 'PPO_CONFIG'
  | 'PPO_ALGORITHM'
  | 'PPO_NO_PROMPTS'
  | 'PPO_SCORES'
  | 'PPO_STALE'
  | 'PPO_SAMPLER_LOG_PROBS'
  | 'PPO_NOT_FINITE'
  | 'PPO_KL'
  | 'PPO_RAGGED'
  | 'PPO_REFERENCE'
  | 'PPO_STATE';

/** Something that policy optimization refuses, with where, what was expected and the remedy. */
export class PpoError extends ExpctrError {
  /** Stable, for programs. */
  declare readonly code: PpoErrorCode;
}

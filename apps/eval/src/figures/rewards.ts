import type { Estimates, Interval } from './interval.js';

/** Kinds of claims: a true reason with its sign, an attribute of the item that is no reason, anything else; each by whether it speaks for the label. */
export const CLAIM_KINDS = ['reasonToward', 'reasonAway', 'neutralToward', 'neutralAway', 'otherToward', 'otherAway'] as const;

/** One of these kinds. */
export type ClaimKind = (typeof CLAIM_KINDS)[number];

/** What one more claim of a kind changes in the reward, other claims being equal. */
export type RewardByClaim = Estimates<ClaimKind>;

/** Spearman's rank correlation of a reward with the F1 of explanations. */
export interface RewardQuality {
  readonly rows: number;
  /** Over all explanations; null where reward or quality is the same everywhere. */
  readonly spearman: number | null;
  readonly spearmanInterval: Interval | null;
  /** Prompts with several completions that differ in both. */
  readonly prompts: number;
  /** Mean correlation within these prompts; null without any. */
  readonly withinPrompt: number | null;
  readonly withinPromptInterval: Interval | null;
}

/** How a reward goes with the truth. */
export interface RewardFigures extends RewardQuality {
  /** What one more claim of each kind pays within a prompt; only for rollouts. */
  readonly byClaim?: RewardByClaim;
}

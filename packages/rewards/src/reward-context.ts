import type { HistoryText, ItemText } from '@expctr/data';
import { RewardError } from './errors.js';
import type { ReaderRows, RewardRows } from './reward-rows.js';

/** A click-through-rate model as rewards see it: columns in, [rows] probabilities out. */
export type ClickPredictor = (rows: RewardRows) => Promise<ArrayLike<number>>;

/** The CTR models of the preceding stage 2. */
export interface ClickPredictors {
  /** p_IC = f(h(u,i), z), z the vector of each row's explanation. */
  readonly predict: ClickPredictor;
  /** f(h(u,i), mean z): what the model says without knowing this explanation. */
  readonly predictAtMean: ClickPredictor;
  /** The ID-only model; null where none was fitted. */
  readonly teacher: ClickPredictor | null;
}

/** Another interaction of the same user, whose item has something in common with the one that is explained. */
export interface Sibling {
  /** What is read beside the explanation. */
  readonly item: ItemText;
  /** What the user did: 1 = chose it, 0 = not. */
  readonly label: number;
  /** Needed only by readers whose template repeats the history. */
  readonly history?: HistoryText;
}

/** All that a reward may ask. */
export interface RewardContext {
  /** The stage whose policy is rewarded. */
  readonly stage: 'stage1' | 'stage3';
  /** [rows] p_LC: what the frozen language model, reading item and explanation, holds to be the chance of a click. */
  read(rows: ReaderRows): Promise<ArrayLike<number>>;
  /** The CTR models; null before the first stage 2, in stage 1. */
  readonly clicks: ClickPredictors | null;
  /**
   * Other policy rows of the interaction's user, for each attribute of its item `perAttribute` that have it (fewer where the user has
   * no more): rows whose labels the policy may learn from.
   */
  siblings(interactionId: number, perAttribute: number): readonly Sibling[];
  /** Most tokens of an explanation. */
  readonly maxNewTokens: number;
  /** All items of the dataset, as prompts show them. */
  items(): Iterable<ItemText>;
  /** A prompt as the policy is asked: the language that it is spoken to in. */
  examplePrompt(): string;
  /** The value of an environment variable, where secrets stand; undefined where it is not set. */
  environment(name: string): string | undefined;
}

/**
 * The CTR models, for a reward that cannot do without.
 * @param name the reward's, for the error
 * @throws {RewardError} `REWARD_NEEDS_CLICK_MODEL` where there are none yet
 */
export function requireClicks({ clicks, stage }: Pick<RewardContext, 'clicks' | 'stage'>, name: string): ClickPredictors {
  if (clicks !== null) return clicks;
  throw new RewardError('REWARD_NEEDS_CLICK_MODEL', `the reward '${name}' asks the CTR model, and before stage 2 there is none`, {
    where: stage,
    expected: 'rewards that need no CTR model before the first stage 2: of the built-in ones all but ic and counterfactual',
    remedy: 'give it weight 0 in stage 1',
  });
}

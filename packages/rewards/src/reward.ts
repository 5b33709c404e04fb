import type { z } from 'zod';
import type { RewardContext } from './reward-context.js';
import type { RewardFunction } from './reward-rows.js';

/** A reward as a part of a run: named in a configuration, with options of its own. `O` is what its options are once parsed. */
export interface Reward<O extends object = Readonly<Record<string, unknown>>> {
  /** The word for it in a configuration and in the log (`reward/<name>`). */
  readonly name: string;
  /** One line for help texts. */
  readonly description: string;
  /** Its options: every field with a default and a description. */
  readonly options: z.ZodObject & z.ZodType<O>;
  /** The reward for one stage. @throws RewardError for options that do not fit one another, or where the stage lacks what it asks. */
  create(context: RewardContext, options: O): RewardFunction;
}

import type { Algorithm } from '../algorithm.js';
import { dpo } from './dpo.js';
import { expertIteration } from './expert-iteration.js';
import { grpo } from './grpo.js';
import { ppo } from './ppo.js';
import { reinforcePlusPlus } from './reinforce-plus-plus.js';
import { rloo } from './rloo.js';
import { weightedSft } from './weighted-sft.js';

/** The built-in algorithms: one file and one line each. */
export const algorithms = {
  ppo,
  grpo,
  rloo,
  'reinforce++': reinforcePlusPlus,
  'expert-iteration': expertIteration,
  'weighted-sft': weightedSft,
  dpo,
} as const satisfies Readonly<Record<string, Algorithm>>;

/** A name in {@link algorithms}. */
export type AlgorithmName = keyof typeof algorithms;

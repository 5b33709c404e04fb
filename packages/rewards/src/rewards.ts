import { RewardError } from './errors.js';
import { counterfactualPart } from './counterfactual-reward.js';
import { formatPart } from './format-reward.js';
import { groundingPart } from './grounding-reward.js';
import { httpPart } from './http-reward.js';
import { icPart } from './ic-alignment.js';
import { languagePart } from './language-reward.js';
import { lcPart } from './lc-alignment.js';
import { lengthPart } from './length-reward.js';
import { repetitionPart } from './repetition-reward.js';
import type { Reward } from './reward.js';
import { siblingsPart } from './sibling-alignment.js';

/** The built-in rewards by name. A new one is one file and one line here. */
export const rewards = {
  lc: lcPart,
  ic: icPart,
  siblings: siblingsPart,
  length: lengthPart,
  format: formatPart,
  counterfactual: counterfactualPart,
  grounding: groundingPart,
  repetition: repetitionPart,
  language: languagePart,
  http: httpPart,
} as const satisfies Readonly<Record<string, Reward>>;

/**
 * A reward by its name.
 * @param own rewards of one's own; one of them hides a built-in one of its name
 * @throws {RewardError} `REWARD_UNKNOWN` with the names that there are
 */
export function findReward(name: string, own: readonly Reward[] = []): Reward {
  const all: readonly Reward[] = [...own, ...Object.values(rewards)];
  const found = all.find((reward) => reward.name === name);
  if (found !== undefined) return found;
  throw new RewardError('REWARD_UNKNOWN', `there is no reward '${name}'`, {
    expected: `one of ${all.map((reward) => reward.name).join(', ')}`,
  });
}

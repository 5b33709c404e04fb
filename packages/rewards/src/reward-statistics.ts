import { bestConstant, type AlignmentForm } from './alignment.js';
import { requireLength } from './errors.js';

/** What the log says about one reward component on one batch. */
export interface RewardStatistics {
  /** Rows to which the reward applies. */
  readonly count: number;
  /** Mean over those rows; null without any. */
  readonly mean: number | null;
  /**
   * Spread over the completions of one prompt: square root of the pooled variance within prompts, sum of squared deviations from
   * the prompt's mean over (rows - prompts). This is what policy optimization has to work with. Null where no prompt has two rows.
   */
  readonly withinPromptStd: number | null;
  /** Sample standard deviation of the prompts' means; null with fewer than two prompts. */
  readonly betweenPromptStd: number | null;
  /** Mean reward of the best constant predictor on the same rows; null where the reward has no alignment form. */
  readonly bestConstant: number | null;
}

/**
 * Mean of a reward, its spread within and between prompts, and the reward of the best constant predictor beside it.
 *
 * @param component `values`: [rows] rewards, null = does not apply; `form`: the alignment form that made them, if one did;
 *   `target`: [rows] what they were aligned with, default the labels
 * @param rows `prompt`: [rows] which prompt each row completes; `label`: [rows] 0 or 1
 * @throws {RewardError} `REWARD_LENGTH_MISMATCH`
 */
export function rewardStatistics(
  component: { readonly values: ArrayLike<number | null>; readonly form?: AlignmentForm; readonly target?: ArrayLike<number> },
  rows: { readonly prompt: ArrayLike<number>; readonly label: ArrayLike<number> },
): RewardStatistics {
  const { values, form, target = rows.label } = component;
  requireLength('prompt', rows.prompt, values.length);
  requireLength('target', target, values.length);

  const byPrompt = new Map<number, number[]>();
  const targets: number[] = [];
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row] ?? null;
    if (value === null) continue;
    targets.push(target[row] ?? Number.NaN);
    const prompt = rows.prompt[row] ?? 0;
    const group = byPrompt.get(prompt);
    if (group === undefined) byPrompt.set(prompt, [value]);
    else group.push(value);
  }

  const groups = [...byPrompt.values()];
  const count = targets.length;
  const means = groups.map(mean);
  const within = groups.reduce((sum, group) => sum + squaredDeviations(group), 0);
  const degrees = count - groups.length;
  return {
    count,
    mean: count === 0 ? null : groups.reduce((sum, group) => sum + group.reduce((a, b) => a + b, 0), 0) / count,
    withinPromptStd: degrees === 0 ? null : Math.sqrt(within / degrees),
    betweenPromptStd: groups.length < 2 ? null : Math.sqrt(squaredDeviations(means) / (groups.length - 1)),
    bestConstant: form === undefined ? null : (bestConstant(form, targets)?.reward ?? null),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function squaredDeviations(values: readonly number[]): number {
  const center = mean(values);
  return values.reduce((sum, value) => sum + (value - center) ** 2, 0);
}

import type { CombinedRewards } from './combine.js';
import { withinPromptCorrelation } from './correlation.js';
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
}

/** The columns that tell which rows complete one prompt. */
interface PromptColumn {
  /** [rows] which prompt each row completes. */
  readonly prompt: ArrayLike<number>;
}

/**
 * Mean of a reward, and its spread within and between prompts.
 *
 * @param values [rows] rewards, null = does not apply
 * @throws {RewardError} `REWARD_LENGTH_MISMATCH`
 */
export function rewardStatistics(values: ArrayLike<number | null>, { prompt }: PromptColumn): RewardStatistics {
  requireLength('prompt', prompt, values.length);
  const byPrompt = new Map<number, number[]>();
  let count = 0;
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row] ?? null;
    if (value === null) continue;
    count += 1;
    const group = byPrompt.get(prompt[row] ?? 0);
    if (group === undefined) byPrompt.set(prompt[row] ?? 0, [value]);
    else group.push(value);
  }

  const groups = [...byPrompt.values()];
  const means = groups.map(mean);
  const within = groups.reduce((sum, group) => sum + squaredDeviations(group), 0);
  const degrees = count - groups.length;
  return {
    count,
    mean: count === 0 ? null : groups.reduce((sum, group) => sum + group.reduce((a, b) => a + b, 0), 0) / count,
    withinPromptStd: degrees === 0 ? null : Math.sqrt(within / degrees),
    betweenPromptStd: groups.length < 2 ? null : Math.sqrt(squaredDeviations(means) / (groups.length - 1)),
  };
}

/** Rewards as {@link rewardFigures} describes them. */
export type DescribedRewards = Pick<CombinedRewards, 'components' | 'figures'> & Partial<Pick<CombinedRewards, 'weights'>>;

/**
 * All that the log says about the rewards of a batch: for each component
 *
 * - `reward/<name>`, its mean, `reward/<name>/within_prompt_std` and `reward/<name>/between_prompt_std`;
 * - `reward/<name>/nulls`, the number of rows to which it does not apply, and `reward/<name>/weight`;
 * - `reward/<name>/correlation_<other>`, {@link withinPromptCorrelation} with each other component;
 * - `reward/<name>/<figure>`, its own figures.
 *
 * What is not defined on these rows is left out.
 */
export function rewardFigures({ components, figures, weights = {} }: DescribedRewards, rows: PromptColumn): Record<string, number> {
  const log: Record<string, number> = {};
  const put = (name: string, value: number | null | undefined): void => {
    if (value !== null && value !== undefined) log[`reward/${name}`] = value;
  };
  for (const [name, value] of Object.entries(figures)) put(name, value);
  for (const [name, values] of Object.entries(components)) {
    const { count, mean: middle, withinPromptStd, betweenPromptStd } = rewardStatistics(values, rows);
    put(name, middle);
    put(`${name}/within_prompt_std`, withinPromptStd);
    put(`${name}/between_prompt_std`, betweenPromptStd);
    put(`${name}/nulls`, values.length - count);
    put(`${name}/weight`, weights[name]);
    for (const [other, others] of Object.entries(components)) {
      if (other !== name) put(`${name}/correlation_${other}`, withinPromptCorrelation(values, others, rows));
    }
  }
  return log;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function squaredDeviations(values: readonly number[]): number {
  const center = mean(values);
  return values.reduce((sum, value) => sum + (value - center) ** 2, 0);
}

import type { Rng } from '@expctr/core';
import { percentileInterval } from '@expctr/ctr-models';
import type { RewardQuality } from '../figures/rewards.js';
import { bootstrapTotals, totalsOf } from '../statistics/bootstrap-totals.js';
import { bootstrapSpearman, spearman } from '../statistics/spearman.js';

/** Explanations with a reward and their true quality. */
export interface RewardedRows {
  /** [rows] user codes. */
  readonly user: ArrayLike<number>;
  /** [rows] rows of one number are completions of one prompt. */
  readonly prompt: ArrayLike<number>;
  /** [rows] */
  readonly reward: ArrayLike<number>;
  /** [rows] F1 of the explanation. */
  readonly quality: ArrayLike<number>;
}

/** Rank correlation of reward and quality, over all rows and within prompts, with bootstrap intervals over users. */
export function rewardQuality({ user, prompt, reward, quality }: RewardedRows, resamples: number, rng: Rng): RewardQuality {
  const overall = spearman(reward, quality);
  // Each prompt's correlation stands at its first row, so that users carry it into their resamples.
  const within = new Float64Array(user.length);
  const counted = new Float64Array(user.length);
  for (const rows of groups(prompt)) {
    const correlation = spearman(
      rows.map((row) => reward[row]!),
      rows.map((row) => quality[row]!),
    );
    if (Number.isNaN(correlation)) continue;
    within[rows[0]!] = correlation;
    counted[rows[0]!] = 1;
  }
  const mean = (totals: Float64Array): number => totals[0]! / totals[1]!;
  const columns = [within, counted];
  const totals = totalsOf(columns);
  const [draws] = bootstrapTotals({ user, columns }, [mean], resamples, rng.fork('within'));
  return {
    rows: user.length,
    spearman: Number.isNaN(overall) ? null : overall,
    spearmanInterval: Number.isNaN(overall)
      ? null
      : percentileInterval(bootstrapSpearman(user, reward, quality, resamples, rng.fork('overall'))),
    prompts: totals[1]!,
    withinPrompt: totals[1]! > 0 ? mean(totals) : null,
    withinPromptInterval: totals[1]! > 0 ? percentileInterval(draws!) : null,
  };
}

function groups(prompt: ArrayLike<number>): number[][] {
  const rowsOf = new Map<number, number[]>();
  for (let row = 0; row < prompt.length; row += 1) {
    const rows = rowsOf.get(prompt[row]!);
    if (rows === undefined) rowsOf.set(prompt[row]!, [row]);
    else rows.push(row);
  }
  return [...rowsOf.values()];
}
